import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createMetrics } from '../../../orchestrator/metrics/create-metrics.js';
import { batchFailed } from '../../../orchestrator/ledger/batches.js';
import { LedgerDatabase, type Queryable } from '../../../orchestrator/ledger/database.js';
import { laneFailed, laneMerged, readLanes } from '../../../orchestrator/ledger/lanes.js';
import { tableTotals } from '../../../orchestrator/ledger/totals.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { openLedger, table, TopicUnderTest, type FreshLedger } from '../ledger/fresh-ledger.js';
import { LakeAtWork } from './lake-at-work.js';

/** Nothing listens there: port 1 is nobody's. */
const NOBODY = 'postgresql://nobody:x@127.0.0.1:1/none';

describe('metrics, read from the ledger', () => {
  let ledger: FreshLedger;
  let tables: bigint[];
  before(async () => {
    ledger = await openLedger();
    const { database } = ledger;
    const topic = await TopicUnderTest.open(database, 'case-sql');
    await TopicUnderTest.open(database, 'location');
    tables = [await table(database, 'demo', 'a'), await table(database, 'demo', 'b"\n')];
    const work = new LakeAtWork(ledger);
    for (let batches = 0; batches < 3; batches += 1) {
      const batch = await work.stage(topic, tables);
      await database.query("UPDATE batch SET planned_at = planned_at - interval '3 seconds' WHERE id = $1", [
        batch.id,
      ]);
      await work.merge(batch);
      await work.commit(batch);
    }
    const quarantined = [1, 2].map((each) => ({
      ...{
        kind: 'case',
        domain: 'demo',
        recordId: `r${each}`,
        type: 'a',
        reason: 'not readable',
        place: 'p',
      },
      ...{ partition: 0, offset: '1' },
    }));
    const waiting = await work.stage(topic, tables.slice(0, 1), { quarantined: quarantined as never });
    const [lane] = await readLanes(database, waiting.id);
    await laneFailed(database, lane?.id ?? 0n, 1, 'transient', 'x');
    await laneFailed(database, lane?.id ?? 0n, 2, 'transient', 'x');
    await batchFailed(database, waiting.id, 'capacity', 'x');
    await database.query("UPDATE batch SET planned_at = now() - interval '2 hours' WHERE id = $1", [
      waiting.id,
    ]);
  });
  after(async () => {
    await ledger.close();
  });

  test('what was done, what waits and what fails', async () => {
    const samples = readText(await createMetrics({ database: ledger.database }).text());
    const of = (name: string, labels: string): number | undefined => samples.get(`${name}{${labels}}`);
    const own = 'database="commcarehq_demo",table="raw_a_case"';
    assert.equal(of('dimagi_lake_source_up', 'source="ledger"'), 1);
    assert.equal(of('dimagi_lake_rows_total', `${own},outcome="inserted"`), 9);
    assert.equal(of('dimagi_lake_rows_total', `${own},outcome="refused"`), 3);
    assert.equal(of('dimagi_lake_merge_seconds_total', own), 4.5);
    assert.equal(of('dimagi_lake_batches_total', 'topic="case-sql"'), 3);
    assert.equal(of('dimagi_lake_messages_total', 'topic="case-sql"'), 30);
    assert.equal(of('dimagi_lake_batches_open', 'topic="case-sql",state="staged"'), 1);
    assert.equal(of('dimagi_lake_batches_total', 'topic="location"'), 0);
    assert.equal(of('dimagi_lake_failures_total', 'source="lane",failure_class="transient"'), 2);
    assert.equal(of('dimagi_lake_failures_total', 'source="batch",failure_class="capacity"'), 1);
    assert.equal(of('dimagi_lake_quarantined_records', 'kind="case",domain="demo"'), 2);
    assert.equal(of('dimagi_lake_alerts_open', 'kind="lag"'), 0);
    assert.ok((of('dimagi_lake_table_freshness_seconds', own) ?? 0) >= 7200);
    assert.ok((of('dimagi_lake_topic_waiting_seconds', 'topic="case-sql"') ?? 0) >= 7200);
    const [other] = [...samples.keys()].filter(
      (key) => key.startsWith('dimagi_lake_table_freshness_seconds') && !key.includes('raw_a_case'),
    );
    assert.equal(samples.get(other ?? ''), 0, 'nothing waits for the other table');
    assert.ok((samples.get('process_cpu_seconds_total{}') ?? 0) > 0);
  });

  test('what is planned and not staged may be for any table of the topic', async () => {
    const batch = await (await TopicUnderTest.open(ledger.database, 'form-sql')).plan();
    const freshness = async (): Promise<number[]> => {
      const samples = readText(await createMetrics({ database: ledger.database }).text());
      return [...samples]
        .filter(([key]) => key.startsWith('dimagi_lake_table_freshness_seconds'))
        .map(([, age]) => age);
    };
    assert.equal((await freshness()).filter((age) => age === 0).length, 1, 'it is of another topic');
    await ledger.database.query(
      "UPDATE batch SET topic = 'case-sql', sequence = 1000, planned_at = now() - interval '1 minute' WHERE id = $1",
      [batch.id],
    );
    assert.ok((await freshness()).every((age) => age >= 60));
    await ledger.database.query('DELETE FROM batch_range WHERE batch_id = $1', [batch.id]);
    await ledger.database.query('DELETE FROM batch WHERE id = $1', [batch.id]);
  });

  test('a histogram is whole: buckets rise, the last is the count, the sum is that of the times', async () => {
    const samples = readText(await createMetrics({ database: ledger.database }).text());
    const name = 'dimagi_lake_batch_seconds';
    const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket{topic="case-sql"`));
    const counts = buckets.map(([, value]) => value);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
    );
    assert.equal(buckets.at(-1)?.[0], `${name}_bucket{topic="case-sql",le="+Inf"}`);
    assert.equal(counts.at(-1), 3);
    assert.equal(samples.get(`${name}_count{topic="case-sql"}`), 3);
    assert.equal(
      samples.get(`${name}_bucket{topic="case-sql",le="1"}`),
      0,
      'each took three seconds or more',
    );
    const [row] = await ledger.database.query<{ seconds: number }>(
      'SELECT sum(extract(epoch FROM committed_at - planned_at))::float8 AS seconds FROM batch WHERE committed_at IS NOT NULL',
    );
    assert.ok(Math.abs((samples.get(`${name}_sum{topic="case-sql"}`) ?? 0) - (row?.seconds ?? 0)) < 1e-6);
  });

  test('a lake that is older than the totals gets the same ones', async () => {
    const { database } = ledger;
    const file = readFileSync(join(PACKAGE_ROOT, 'orchestrator/ledger/migrations/0014_totals.sql'), 'utf8');
    const [, fill] = file.split('-- Of a lake that is older than this migration.');
    const tables = ['table_total', 'topic_total', 'duration_total'];
    const all = (): Promise<unknown[]> =>
      Promise.all(tables.map((name) => database.query(`SELECT * FROM ${name} ORDER BY 1, 2, 3`)));
    const kept = await all();
    await database.query(`TRUNCATE ${tables.join()}`);
    await database.query(fill ?? 'the comment is gone');
    assert.deepEqual(await all(), kept);
  });

  test('totals are what the lanes say; a lane seen merged twice counts once, one deleted by hand stays counted', async () => {
    const { database } = ledger;
    const [lane] = await database.query<{ id: bigint; table_id: bigint }>(
      "SELECT id, table_id FROM lane WHERE state = 'committed' LIMIT 1",
    );
    const before = await tableTotals(database);
    const facts = {
      inserted: 3,
      updated: 2,
      deleted: 1,
      refused: 1,
      seconds: 1.5,
      runId: null,
      deltaVersion: 1n,
    };
    await database.query("UPDATE lane SET state = 'merged' WHERE id = $1", [lane?.id]);
    await database.transaction((tx) => laneMerged(tx, lane?.id ?? 0n, facts));
    const numbers = (all: typeof before): unknown[] =>
      all.map(({ inserted, updated, deleted, refused, rows, seconds }) => ({
        inserted,
        updated,
        deleted,
        refused,
        rows,
        seconds,
      }));
    assert.deepEqual(numbers(await tableTotals(database)), numbers(before));
    const sums = await database.query(
      `SELECT table_id, sum(inserted)::int AS inserted, sum(seconds)::float8 AS seconds, count(*)::int AS lanes FROM lane
       WHERE merged_at IS NOT NULL GROUP BY table_id ORDER BY 1`,
    );
    const kept = await database.query(
      'SELECT table_id, inserted::int, seconds, lanes::int FROM table_total ORDER BY 1',
    );
    assert.deepEqual(kept, sums);
    await database.query('DELETE FROM lane WHERE id = $1', [lane?.id]);
    assert.deepEqual(numbers(await tableTotals(database)), numbers(before));
  });

  test('two processes tell the same, and many scrapers cost one look', async () => {
    let asked = 0;
    const counting: Queryable = {
      query: (sql, values) => {
        asked += 1;
        return ledger.database.query(sql, values);
      },
    };
    const one = createMetrics({ database: counting });
    const texts = await Promise.all(Array.from({ length: 20 }, () => one.text()));
    const cost = asked;
    await one.text();
    assert.equal(asked, cost);
    const other = readText(await createMetrics({ database: ledger.database }).text());
    const counters = (samples: ReadonlyMap<string, number>): [string, number][] =>
      [...samples].filter(([key]) => key.startsWith('dimagi_lake_') && key.includes('_total{'));
    const told = counters(readText(texts[0] ?? ''));
    assert.ok(told.length > 8);
    assert.deepEqual(told, counters(other));
  });

  test('a ledger that is away is told as such, and the process’s own metrics are there', async () => {
    const away = new LedgerDatabase(NOBODY);
    const samples = readText(await createMetrics({ database: away }).text());
    assert.equal(samples.get('dimagi_lake_source_up{source="ledger"}'), 0);
    assert.deepEqual(
      [...samples.keys()].filter((key) => key.startsWith('dimagi_lake_table')),
      [],
    );
    assert.ok(samples.has('process_cpu_seconds_total{}'));
    await away.close();
  });
});

/** Takes the text apart as Prometheus does: every sample under a HELP and a TYPE, no line unread, none twice. */
function readText(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const known = new Set<string>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) .+$/.exec(line);
    if (head !== null) {
      known.add(`${head[1]} ${head[2]}`);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? ([-+\w.]+)$/.exec(
      line,
    );
    assert.ok(sample !== null, `not a sample: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    const family = known.has(`TYPE ${name}`) ? name : name.replace(/_(bucket|sum|count)$/, '');
    assert.ok(known.has(`HELP ${family}`) && known.has(`TYPE ${family}`), `${name} has no HELP or TYPE`);
    const key = `${name}{${labels}}`;
    assert.ok(!samples.has(key), `${key} stands there twice`);
    samples.set(key, Number(value));
  }
  return samples;
}
