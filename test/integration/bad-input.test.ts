import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { EXIT } from '../../orchestrator/errors.js';
import { createCases } from '../helpers/case-domain.js';
import { submitVisits } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { deleteTopics, recreateTopics } from '../helpers/kafka-topics.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { startTcpGate } from '../helpers/tcp-gate.js';

interface Result {
  readonly outcome: string;
  readonly quarantined: number;
  readonly oddMessages: number;
  readonly tables: readonly { table: string; inserted: number; rows: number; deltaVersion: string }[];
}

test('bad input and services that are away: told by name with the mend, nothing lost', async (t) => {
  const lake = await freshLake(t, { config });
  await nothingStarts(t, lake);

  await t.test(
    'damaged documents of every kind are set aside with their offset, the rest arrives',
    async () => {
      const spoilt = await spoil(lake);
      for (const topic of ['location', 'case-sql', 'form-sql'] as const) {
        const { code, stdout, stderr } = await lake.ingest(topic);
        assert.equal(code, EXIT.ok, stderr);
        const result = JSON.parse(stdout) as Result;
        assert.deepEqual([result.outcome, result.quarantined], ['done', 1], stdout);
        assert.equal(result.oddMessages, topic === 'form-sql' ? 2 : 0);
        assert.deepEqual(
          result.tables.map(({ inserted, rows }) => [inserted, rows]),
          [topic === 'location' ? [1, 1] : [3, 3]],
        );
      }
      const { rows } = await lake.ledger.query<{ told: string }>(
        `SELECT kind || ' ' || record_id || ': ' || reason
              || CASE WHEN partition IS NOT NULL AND message_offset IS NOT NULL THEN ', placed' ELSE '' END AS told
       FROM quarantine WHERE state = 'open' ORDER BY 1`,
      );
      assert.deepEqual(
        rows.map(({ told }) => told),
        [
          `case ${spoilt.case}: case_json is not valid JSON, placed`,
          `form ${spoilt.form}: form XML does not parse at line 1, column 7, placed`,
          `location ${spoilt.location}: metadata is not a JSON object, placed`,
        ],
      );
    },
  );

  await t.test('ledger, HQ and Redis that go away in the middle are waited for', async () => {
    const postgres = await gateTo('LEDGER_DATABASE_URL', t);
    const redis = await gateTo('REDIS_URL', t);
    const through = (url: string, gate: { port: number }): string => {
      const changed = new URL(url);
      changed.port = String(gate.port);
      return changed.href;
    };
    await createCases(lake, 'child', 6);
    const running = lake.start('case-sql', {
      LEDGER_DATABASE_URL: through(stackVariable('LEDGER_DATABASE_URL'), postgres),
      HQ_DATABASE_URL: through(lake.env['HQ_DATABASE_URL'] ?? '', postgres),
      HQ_SHARD_DATABASE_URLS: (lake.env['HQ_SHARD_DATABASE_URLS'] ?? '')
        .split(',')
        .map((url) => through(url, postgres))
        .join(','),
      REDIS_URL: through(stackVariable('REDIS_URL'), redis),
    });
    await running.says('batch planned');
    await Promise.all([postgres.shut(), redis.shut()]);
    await running.says('LEDGER_FAILED');
    await Promise.all([postgres.open(), redis.open()]);
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, EXIT.ok, stderr);
    const [table] = (JSON.parse(stdout) as Result).tables;
    assert.deepEqual([table?.inserted, table?.rows], [6, 9], stdout);
  });
});

/** Each of these ends before anything is done; one process tells all that is wrong at once. */
async function nothingStarts(t: TestContext, lake: FreshLake): Promise<void> {
  await t.test(
    'services that are down or refuse us are all told at once, by variable, without passwords',
    async () => {
      const ledger = new URL(stackVariable('LEDGER_DATABASE_URL'));
      ledger.password = 'topsecret';
      const { code, stderr } = await lake.ingest('form-sql', {
        LEDGER_DATABASE_URL: ledger.href,
        HQ_DATABASE_URL: 'postgresql://hq:topsecret@127.0.0.1:1/hq',
        REDIS_URL: 'redis://:topsecret@127.0.0.1:1',
        KAFKA_BOOTSTRAP_SERVER_PORT: '1',
        SPARK_REST_URLS: 'http://127.0.0.1:1',
        HQ_BLOB_STORE: 'file:///no/such/folder',
        CHECKPOINT_BASE_DIR: `file://${join(lake.folder, '..', 'lake.yaml')}/below-a-file`,
      });
      assert.equal(code, EXIT.unreachable, stderr);
      assert.deepEqual(
        [...stderr.matchAll(/^ {2}([A-Z_]+)/gm)].map(([, name]) => name),
        [
          ...['KAFKA_BOOTSTRAP_SERVER_HOST', 'REDIS_URL', 'LEDGER_DATABASE_URL', 'HQ_DATABASE_URL'],
          ...['HQ_BLOB_STORE', 'SPARK_REST_URLS', 'CHECKPOINT_BASE_DIR'],
        ],
        stderr,
      );
      assert.match(stderr, /\nMend: /);
      assert.doesNotMatch(stderr, /topsecret/);
    },
  );

  await t.test('faults of variables and of lake.yaml are told together', async () => {
    const file = join(lake.folder, '..', 'wrong.yaml');
    writeFileSync(file, 'domains:\n  demo:\n    csaes: {}\n    locations: maybe\n');
    const { code, stderr } = await lake.ingest('form-sql', {
      LAKE_CONFIG: file,
      REDIS_URL: 'http://:topsecret@x',
    });
    assert.equal(code, EXIT.config, stderr);
    assert.match(stderr, /3 faults:\n {2}REDIS_URL: must be a URL redis:/);
    assert.match(stderr, /wrong\.yaml:3:5: domains > demo: unknown key "csaes" \(did you mean "cases"\?\)/);
    assert.match(stderr, /wrong\.yaml:4:16: domains > demo > locations: expected boolean/);
    assert.doesNotMatch(stderr, /topsecret/);
  });

  await t.test('a topic that Kafka does not have', async () => {
    await deleteTopics(['location']);
    const { code, stderr } = await lake.ingest('location');
    assert.equal(code, EXIT.usage, stderr);
    assert.match(stderr, /^KAFKA_TOPIC_UNKNOWN: Kafka has no topic "location"\nMend: /m);
    await recreateTopics({ location: 1 });
  });

  await t.test('a second process with another lake.yaml', async () => {
    assert.equal((await lake.ingest('form-sql')).code, EXIT.ok);
    const other = join(lake.folder, '..', 'other.yaml');
    writeFileSync(other, readFileSync(lake.env['LAKE_CONFIG'] ?? '', 'utf8'));
    appendFileSync(other, '# another version\n');
    const { code, stderr } = await lake.ingest('form-sql', { LAKE_CONFIG: other });
    assert.equal(code, EXIT.refused, stderr);
    assert.match(stderr, /CONFIG_NOT_ACTIVE.*\nMend: .*config apply/);
  });
}

function config(domain: string): string {
  return stringify({
    domains: {
      [domain]: {
        locations: true,
        location_levels: ['state'],
        cases: { child: {} },
        forms: { 'http://openrosa.org/formdesigner/visit': { name: 'visit' } },
      },
    },
  });
}

/** Two locations, four cases, four forms; one of each damaged as HQ's stores can be. */
async function spoil(lake: FreshLake): Promise<{ form: string; case: string; location: string }> {
  const { databases } = lake.hq.context;
  await lake.hq.createLocationTypes(lake.domain, [{ code: 'state', name: 'State' }]);
  await lake.hq.createLocations(lake.domain, [
    { name: 'Bihar', typeCode: 'state', siteCode: 'bihar', locationId: 'bihar' },
    { name: 'Assam', typeCode: 'state', siteCode: 'assam', locationId: 'assam' },
  ]);
  await databases.main.query(`UPDATE locations_sqllocation SET metadata = '[1]' WHERE location_id = 'assam'`);
  const [torn = ''] = await createCases(lake, 'child', 4);
  await databases
    .pool(databases.shardOf(torn))
    .query(`UPDATE form_processor_commcarecasesql SET case_json = '{"a":' WHERE case_id = $1`, [torn]);
  const [bad = ''] = await submitVisits(lake, 4);
  const { rows } = await databases
    .pool(databases.shardOf(bad))
    .query<{ key: string }>(
      'UPDATE blobs_blobmeta SET compressed_length = NULL WHERE parent_id = $1 RETURNING key',
      [bad],
    );
  writeFileSync(join(new URL(lake.env['HQ_BLOB_STORE'] ?? '').pathname, rows[0]?.key ?? ''), '<data <');
  await lake.hq.publishRaw('form-sql', 'odd', 'this is no JSON');
  await lake.hq.publishRaw('form-sql', 'odd', '{"domain":"x"}');
  return { form: bad, case: torn, location: 'assam' };
}

async function gateTo(variable: string, t: TestContext): ReturnType<typeof startTcpGate> {
  const { hostname, port } = new URL(stackVariable(variable));
  return startTcpGate(t, hostname, Number(port));
}
