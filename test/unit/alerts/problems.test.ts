import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { findProblems, lookedAt, type LakeFacts } from '../../../orchestrator/alerts/problems.js';
import { disksOf } from '../../../orchestrator/alerts/read-facts.js';
import { pageOf } from '../../../orchestrator/alerts/webhook.js';
import { partitionLags } from '../../../orchestrator/kafka/lag.js';
import { ALERT_KINDS, type AlertRule } from '../../../orchestrator/ledger/alerts.js';
import type { TableFigures, TopicFigures } from '../../../orchestrator/ledger/figures.js';

const LIMITS: Partial<Record<AlertRule['kind'], number>> = { lag: 1000, freshness: 3600, disk: 90 };
const RULES: readonly AlertRule[] = ALERT_KINDS.map((kind) => ({
  kind,
  enabled: true,
  limit: LIMITS[kind] ?? null,
}));
const NOTHING: LakeFacts = { topics: [], tables: [], failed: [], lags: new Map(), disks: [], pauses: [] };

const topic = (more: Partial<TopicFigures>): TopicFigures => ({
  ...{ topic: 'form-sql', state: 'running', reason: null, planned: 0, staged: 0, halted: 0 },
  ...{ batches: 0, messages: 0, lastCommitAt: null, waitingSeconds: 0, unstagedSeconds: 0 },
  ...more,
});
const table = (more: Partial<TableFigures>): TableFigures => ({
  ...{ database: 'd', table: 't', domain: 'd', kind: 'form', state: 'running', reason: null, turnedAway: 0 },
  ...{ inserted: 0, updated: 0, deleted: 0, refused: 0, mergeSeconds: 0, lastMergeAt: null },
  ...{ openLanes: 0, laneSeconds: 0, waitingSeconds: 0 },
  ...more,
});
const found = (facts: Partial<LakeFacts>, rules = RULES): string[] =>
  findProblems({ ...NOTHING, ...facts }, rules).map(
    ({ kind, subject, grade, isPatient }) => `${kind} ${subject} ${grade}${isPatient ? ' later' : ''}`,
  );

test('a lake that is well has no problem', () => {
  assert.deepEqual(
    found({ topics: [topic({})], tables: [table({})], lags: new Map([['form-sql', 800]]) }),
    [],
  );
});

test('what is halted is told at once, and by nothing else beside', () => {
  const facts = {
    topics: [topic({ state: 'halted', reason: 'OFFSETS_LOST', unstagedSeconds: 9999 })],
    tables: [table({ state: 'halted', reason: 'x', laneSeconds: 9999 })],
  };
  assert.deepEqual(found(facts), ['topic_halted form-sql over', 'table_halted d.t over']);
});

test('a number is a problem above its limit, and near it until it is a fifth below', () => {
  const lag = (messages: number): string[] => found({ lags: new Map([['form-sql', messages]]) });
  assert.deepEqual(lag(1001), ['lag form-sql over later']);
  assert.deepEqual(lag(1000), ['lag form-sql near later']);
  assert.deepEqual(lag(801), ['lag form-sql near later']);
  assert.deepEqual(lag(800), []);
  const disk = (usedPercent: number): string[] =>
    found({ disks: [{ name: 'HQ_DATA_PATH', usedPercent, freeBytes: 1e9 }] });
  assert.deepEqual(disk(90.5), ['disk HQ_DATA_PATH over later']);
  assert.deepEqual(disk(88.5), ['disk HQ_DATA_PATH near later']);
  assert.deepEqual(disk(88), []);
});

test('changes that wait are told of the table, or of the topic when nobody knows yet for which', () => {
  assert.deepEqual(
    found({
      topics: [topic({ unstagedSeconds: 4000 })],
      tables: [table({ laneSeconds: 5000 }), table({ table: 'u', waitingSeconds: 5000 })],
    }),
    ['freshness form-sql over later', 'freshness d.t over later'],
  );
});

test('what somebody paused may wait: no alert of lag or age; what is halted is told all the same', () => {
  const facts = {
    topics: [topic({ unstagedSeconds: 9999 })],
    tables: [table({ laneSeconds: 9999 }), table({ table: 'h', state: 'halted', reason: 'x' })],
    lags: new Map([['form-sql', 9999]]),
  };
  const under = (scope: 'all' | 'topic' | 'table' | 'queue', name: string): string[] =>
    found({ ...facts, pauses: [{ scope, name }] }).map((each) => each.split(' ').slice(0, 2).join(' '));
  const [topicAge, tableAge, lag] = ['freshness form-sql', 'freshness d.t', 'lag form-sql'];
  assert.deepEqual(under('all', ''), ['table_halted d.h']);
  assert.deepEqual(under('topic', 'form-sql'), ['table_halted d.h']);
  assert.deepEqual(under('topic', 'case-sql'), ['table_halted d.h', lag, topicAge, tableAge]);
  assert.deepEqual(under('table', 'D.T'), ['table_halted d.h', lag, topicAge]);
  assert.deepEqual(under('queue', 'merge'), ['table_halted d.h', lag, topicAge]);
  assert.deepEqual(under('queue', 'schedule'), ['table_halted d.h', lag, topicAge, tableAge]);
});

test('a failed month is told at once unless it is tried again by itself; an audit has a rule of its own', () => {
  const failed = (code: string | null, name: string | null = 't'): string[] =>
    found({ failed: [{ domain: 'demo', table: name, month: '2026-01-01', code, reason: 'x' }] });
  assert.deepEqual(failed('AUDIT_FAILED'), ['audit_failed demo t 2026-01 over']);
  assert.deepEqual(failed('AGGREGATION_FAILED'), ['aggregation_failed demo t 2026-01 over']);
  assert.deepEqual(failed('WAREHOUSE_BUSY'), ['aggregation_failed demo t 2026-01 over later']);
  assert.deepEqual(failed(null, null), ['aggregation_failed demo schedule 2026-01 over']);
});

test('a rule that is off finds nothing; of what Kafka does not tell nothing is said', () => {
  const off = RULES.map((rule) => ({ ...rule, enabled: false }));
  assert.deepEqual(found({ topics: [topic({ state: 'halted' })] }, off), []);
  assert.ok(lookedAt(NOTHING).includes('lag'));
  assert.ok(!lookedAt({ ...NOTHING, lags: undefined }).includes('lag'));
});

test('an alert leads to the dashboard’s page of it, whatever its name holds', () => {
  assert.equal(pageOf('lag', 'form-sql'), '/topics/form-sql');
  assert.equal(pageOf('freshness', 'form-sql'), '/topics/form-sql');
  assert.equal(pageOf('freshness', 'commcarehq_d.raw_x_form'), '/tables/commcarehq_d/raw_x_form');
  assert.equal(pageOf('audit_failed', 'a.b:c t 2026-01'), '/months/a.b%3Ac');
  assert.equal(pageOf('disk', 'HQ_DATA_PATH'), '/cluster');
});

test('a disk is looked at once, however many folders stand on it; what is not there is left out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'disks-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const [disk, ...others] = await disksOf({
    HQ_DATA_PATH: pathToFileURL(folder).href,
    CHECKPOINT_BASE_DIR: pathToFileURL(folder).href,
    AGG_DATA_PATH: pathToFileURL(join(folder, 'none')).href,
    OTHER: 's3a://bucket/prefix',
  });
  assert.deepEqual(others, []);
  assert.equal(disk?.name, 'HQ_DATA_PATH, CHECKPOINT_BASE_DIR');
  assert.ok(disk.usedPercent > 0 && disk.usedPercent <= 100 && disk.freeBytes > 0);
});

test('lag counts from what is committed, else from what Kafka still has', () => {
  const marks = new Map([
    [0, { low: 0n, high: 10n }],
    [1, { low: 5n, high: 9n }],
    [2, { low: 7n, high: 9n }],
    [3, { low: 0n, high: 2n }],
  ]);
  const committed = new Map([
    [0, 4n],
    [2, 3n],
    [3, 6n],
  ]);
  assert.deepEqual(
    [...partitionLags(committed, marks)],
    [
      [0, 6],
      [1, 4],
      [2, 2],
      [3, 0],
    ],
  );
});
