import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  deliverDue,
  lookOnce,
  runAlerts,
  testAlert,
  type AlertParts,
} from '../../../orchestrator/alerts/run-alerts.js';
import { alerts as alertsAnswer } from '../../../orchestrator/api/schemas/operate.js';
import {
  changeAlertRules,
  readAlertRules,
  readAlerts,
  settleAlerts,
  type Problem,
} from '../../../orchestrator/ledger/alerts.js';
import { monthFailed } from '../../../orchestrator/ledger/aggregation-months.js';
import { resumeTopic } from '../../../orchestrator/ledger/halts.js';
import { releaseLeases, type Lease } from '../../../orchestrator/ledger/leases.js';
import { haltTopic } from '../../../orchestrator/ledger/planning.js';
import { haltTable } from '../../../orchestrator/ledger/tables.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { runVerb } from '../../helpers/dimagi-lake.js';
import { until } from '../../helpers/until.js';
import { lease, openLedger, table, TopicUnderTest, type FreshLedger } from '../ledger/fresh-ledger.js';
import { SECRET, startReceiver, type WebhookReceiver } from './webhook-receiver.js';

const NAME = 'commcarehq_demo.raw_a_case';

describe('alerts', () => {
  let ledger: FreshLedger;
  let receiver: WebhookReceiver;
  let tableId: bigint;
  let log = '';
  const logger = createLogger({
    format: 'json',
    stream: new Writable({
      write(chunk, _encoding, done) {
        log += String(chunk);
        done();
      },
    }),
  });
  const parts = (more: Partial<AlertParts> = {}): AlertParts => ({
    database: ledger.database,
    owner: 'test',
    logger,
    folders: {},
    webhook: receiver.url,
    dashboard: 'http://127.0.0.1:8080',
    patience: { holdSeconds: 0, quietSeconds: 0 },
    ...more,
  });
  const halt = (): Promise<unknown> => haltTable(ledger.database, tableId, 'statement 2 failed: SomeError');
  const goOn = (): Promise<unknown> => ledger.database.transaction((tx) => resumeTopic(tx, 'case-sql'));
  const told = (): string[] =>
    receiver.told.map((message) => `${message.state} ${message.kind} ${message.subject}`);
  /** Looks and tells as the leader does in one turn. */
  const turn = async (more: Partial<AlertParts> = {}): Promise<void> => {
    const leading = await lease(ledger.database, 'alerts');
    await lookOnce(parts(more), leading);
    await deliverDue(parts(more));
    await releaseLeases(ledger.database, [leading]);
  };

  before(async () => {
    ledger = await openLedger();
    receiver = await startReceiver();
    await TopicUnderTest.open(ledger.database, 'case-sql');
    tableId = await table(ledger.database, 'demo', 'a');
  });
  after(async () => {
    await receiver.close();
    await ledger.close();
  });
  beforeEach(async () => {
    await goOn();
    await ledger.database.query('DELETE FROM aggregation_failure');
    await ledger.database.query('DELETE FROM alert');
    receiver.told.length = 0;
    receiver.answer(200);
  });

  test('a halted table is told once, and once more when it is over', async () => {
    await halt();
    await turn();
    await turn();
    assert.deepEqual(told(), [`open table_halted ${NAME}`]);
    const [message] = receiver.told;
    assert.equal(message?.text, `Dimagi Lake: table ${NAME} is halted: statement 2 failed: SomeError`);
    assert.equal(message.link, 'http://127.0.0.1:8080/tables/commcarehq_demo/raw_a_case');
    const { open } = await readAlerts(ledger.database);
    assert.deepEqual(
      open.map((alert) => [alert.subject, alert.deliveryError]),
      [[NAME, null]],
    );
    await goOn();
    await turn();
    await turn();
    assert.deepEqual(told(), [`open table_halted ${NAME}`, `closed table_halted ${NAME}`]);
    assert.equal((await readAlerts(ledger.database)).recent.length, 1);
  });

  test('what comes and goes is one alert; what passes by itself is none', async () => {
    const patience = { holdSeconds: 3600, quietSeconds: 3600 };
    await halt();
    await turn({ patience });
    await goOn();
    await turn({ patience });
    await halt();
    await turn({ patience });
    assert.deepEqual(told(), [`open table_halted ${NAME}`]);
    const failure = {
      domain: 'demo',
      table: 't',
      month: '2026-01-01',
      code: 'WAREHOUSE_FAILED',
      reason: 'x',
    };
    await monthFailed(ledger.database, failure);
    await turn({ patience });
    assert.equal(told().length, 1, 'it is tried again by itself');
    await ledger.database.query("UPDATE alert SET since = since - interval '2 hours' WHERE pending");
    await turn({ patience });
    assert.deepEqual(told().slice(1), ['open aggregation_failed demo t 2026-01']);
    await monthFailed(ledger.database, { ...failure, month: '2026-02-01' });
    await turn({ patience });
    await ledger.database.query("DELETE FROM aggregation_failure WHERE month = '2026-02-01'");
    await turn({ patience });
    await ledger.database.query("UPDATE alert SET since = since - interval '2 hours' WHERE pending");
    await turn({ patience });
    assert.equal(told().length, 2);
  });

  test('a number near its limit keeps its alert and begins none', async () => {
    const lag = (grade: Problem['grade']): Problem => ({
      kind: 'lag',
      subject: 'case-sql',
      text: 'behind',
      grade,
      isPatient: true,
    });
    const settle = async (problems: Problem[], looked: readonly 'lag'[] = ['lag']): Promise<number> => {
      const leading = await lease(ledger.database, 'alerts');
      await ledger.database.transaction((tx) =>
        settleAlerts(tx, leading, { problems, looked }, { holdSeconds: 0, quietSeconds: 0 }),
      );
      await releaseLeases(ledger.database, [leading]);
      return (await readAlerts(ledger.database)).open.length;
    };
    assert.equal(await settle([lag('near')]), 0);
    assert.equal(await settle([lag('over')]), 1);
    assert.equal(await settle([lag('near')]), 1);
    assert.equal(await settle([], []), 1, 'Kafka did not tell: nothing is known, so nothing is over');
    assert.equal(await settle([]), 0);
  });

  test('a webhook that fails is asked again, by whichever process leads then', async () => {
    receiver.answer(500);
    await halt();
    await turn();
    await turn();
    assert.equal(receiver.told.length, 1, 'not before its time has come');
    assert.equal((await readAlerts(ledger.database)).open[0]?.deliveryError, 'HTTP 500');
    receiver.answer(302);
    await due();
    await turn();
    assert.equal(
      (await readAlerts(ledger.database)).open[0]?.deliveryError,
      'HTTP 302',
      'no redirect is followed',
    );
    await goOn();
    receiver.answer(200);
    await due();
    await turn({ owner: 'another' });
    await turn({ owner: 'another' });
    const states = receiver.told.map((message) => message.id.split('-')[1]);
    assert.deepEqual(states, ['open', 'open', 'open', 'closed'], 'that it is over comes after that it began');
    assert.equal((await readAlerts(ledger.database)).recent[0]?.deliveryError, null);
  });

  test('a process that dies before it has told leaves it to the next; one that never had a webhook told nobody', async () => {
    await halt();
    const leading = await lease(ledger.database, 'alerts');
    await lookOnce(parts(), leading);
    await releaseLeases(ledger.database, [leading]);
    assert.deepEqual(told(), []);
    await turn();
    assert.deepEqual(told(), [`open table_halted ${NAME}`]);
    await ledger.database.query('DELETE FROM alert');
    await turn({ webhook: undefined });
    assert.equal((await readAlerts(ledger.database)).open.length, 1);
    await goOn();
    await turn({ webhook: undefined });
    await turn();
    assert.equal(receiver.told.length, 1, 'what was over before anybody listened is no news');
  });

  test('of two processes one looks, and the other goes on when it is gone', async () => {
    await halt();
    const [first, second] = [new AbortController(), new AbortController()];
    const one = runAlerts(parts({ owner: 'one', everyMs: 20 }), first.signal);
    await until('the first has told it', () => receiver.told.length === 1);
    const other = runAlerts(parts({ owner: 'other', everyMs: 20 }), second.signal);
    await goOn();
    await until('the first has told its end', () => receiver.told.length === 2);
    first.abort();
    await one;
    await haltTopic(ledger.database, 'case-sql', 'OFFSETS_LOST: 7 messages');
    await until('the other tells the next', () => receiver.told.length === 3);
    second.abort();
    await other;
    assert.deepEqual(told(), [
      `open table_halted ${NAME}`,
      `closed table_halted ${NAME}`,
      'open topic_halted case-sql',
    ]);
    const stale = { name: 'alerts', owner: 'one', token: 1n } satisfies Lease;
    await assert.rejects(lookOnce(parts(), stale), { code: 'LEASE_LOST' });
  });

  test('rules are changed, wrong ones refused as a whole; a rule that is off ends its alerts', async () => {
    const { database } = ledger;
    const rules = await readAlertRules(database);
    await assert.rejects(
      changeAlertRules(database, [
        { kind: 'table_halted', enabled: false, limit: null },
        { kind: 'disk', enabled: true, limit: 101 },
      ]),
      { code: 'USAGE' },
    );
    await assert.rejects(changeAlertRules(database, [{ kind: 'lag', enabled: true, limit: null }]), {
      code: 'USAGE',
    });
    await assert.rejects(changeAlertRules(database, [{ kind: 'topic_halted', enabled: true, limit: 3 }]), {
      code: 'USAGE',
    });
    assert.deepEqual(await readAlertRules(database), rules);
    await halt();
    await turn();
    await changeAlertRules(database, [{ kind: 'table_halted', enabled: false, limit: null }]);
    await turn();
    assert.deepEqual(told(), [`open table_halted ${NAME}`, `closed table_halted ${NAME}`]);
    await changeAlertRules(database, rules);
    assert.deepEqual(await readAlertRules(database), rules);
  });

  test('a test call says what came of it, and the URL’s secret stands nowhere', async () => {
    const dashboard = 'http://127.0.0.1:8080';
    assert.deepEqual(await testAlert({ webhook: receiver.url, dashboard }), {
      delivered: true,
      status: 200,
      message: 'The webhook took it (HTTP 200).',
    });
    assert.equal(receiver.told[0]?.kind, 'test');
    assert.equal((await testAlert({ webhook: undefined, dashboard })).delivered, false);
    const closed = `http://127.0.0.1:1/x?token=${SECRET}`;
    const refused = await testAlert({ webhook: closed, dashboard });
    assert.deepEqual([refused.delivered, refused.status], [false, null]);
    assert.match(refused.message, /ECONNREFUSED/);
    await halt();
    await turn({ webhook: closed });
    const rows = JSON.stringify(await ledger.database.query('SELECT error, attempts FROM alert_delivery'));
    assert.match(rows, /ECONNREFUSED/);
    assert.match(log, /not delivered/);
    for (const text of [log, rows, refused.message]) assert.ok(!text.includes(SECRET));
  });

  test('the command line lists them as the API promises, and tests the webhook', async () => {
    await halt();
    await turn();
    const env = {
      LEDGER_DATABASE_URL: ledger.databaseUrl,
      LEDGER_RUNNER_DATABASE_URL: ledger.runnerUrl,
      CHECKPOINT_BASE_DIR: 'file:///none',
      HQ_DATA_PATH: 'file:///none',
      LAKE_CONFIG: 'none',
      ALERT_WEBHOOK_URL: `http://127.0.0.1:1/x?token=${SECRET}`,
    };
    const listed = await runVerb({ env }, 'alerts', '--json');
    assert.equal(listed.code, 0, listed.stderr);
    const answer = alertsAnswer.parse(JSON.parse(listed.stdout));
    assert.deepEqual(
      answer.open.map((alert) => alert.subject),
      [NAME],
    );
    assert.equal(answer.rules.length, 7);
    const tested = await runVerb({ env }, 'alerts', 'test');
    assert.equal(tested.code, 4);
    assert.ok(!(tested.stdout + tested.stderr + listed.stdout).includes(SECRET));
  });

  /** As if the time of the next attempt had come. */
  async function due(): Promise<void> {
    await ledger.database.query('UPDATE alert_delivery SET next_attempt_at = now()');
  }
});
