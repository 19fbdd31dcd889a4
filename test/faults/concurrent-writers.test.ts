import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startS3Server, type S3Server } from '../helpers/s3-server.js';
import { Workshop } from '../integration/runner/driver.js';
import { startLedger, type TestLedger } from '../integration/runner/ledger.js';
import { laneOf, readResult, type LaneResult } from '../integration/runner/result.js';

const INSERTS = 6;
const PROPERTIES = {
  'spark.hadoop.fs.s3a.path.style.access': 'true',
  'spark.hadoop.fs.s3a.connection.ssl.enabled': 'false',
};

describe('two drivers writing one table at once, neither knowing of the other', () => {
  let ledger: TestLedger;
  let workshop: Workshop;
  let s3: S3Server;

  before(async () => {
    workshop = new Workshop();
    ledger = await startLedger();
    s3 = await startS3Server();
    await s3.createBucket('lake');
  });
  after(async () => {
    await workshop.close();
    await ledger.close();
    await s3.close();
  });

  async function run(
    lanes: Readonly<Record<string, readonly string[]>>,
  ): Promise<(lane: string) => LaneResult> {
    const { run: id, token } = await ledger.addRun();
    const driver = workshop.start({
      args: ['--run', id, '--token', token, '--run-file', workshop.writeRun(id, lanes)],
      env: { ...ledger.env, ...s3.env },
      properties: {
        ...PROPERTIES,
        'spark.hadoop.fs.s3a.endpoint': s3.endpoint,
        'spark.hadoop.fs.s3a.endpoint.region': s3.region,
      },
    });
    const code = await driver.exit;
    assert.ok(code === 0 || code === 20, driver.log().slice(-3000));
    const result = readResult(workshop.resultPath(id));
    return (lane) => laneOf(result, lane);
  }

  /**
   * Per table a lane inserts its own ids and another adds to a counter that both drivers update; a lane stops at its
   * first conflict. Disk and S3 in the same drivers: starting those is most of the work.
   */
  test('no commit is lost: rows, counter and versions are exactly the successes', async (t) => {
    const tables = { disk: `delta.\`${workshop.url('shared')}\``, s3: 'delta.`s3a://lake/shared`' };
    const perTable = (statements: (table: string) => Record<string, string[]>): Record<string, string[]> =>
      Object.fromEntries(
        Object.entries(tables).flatMap(([store, table]) =>
          Object.entries(statements(table)).map(([lane, sql]) => [`${store}-${lane}`, sql] as const),
        ),
      );
    await run(
      perTable((table) => ({
        create: [
          `CREATE TABLE ${table} (id BIGINT, n BIGINT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')`,
          `INSERT INTO ${table} VALUES (-1, 0)`,
        ],
      })),
    );
    const lanes = (first: number): Record<string, string[]> =>
      perTable((table) => ({
        insert: Array.from({ length: INSERTS }, (_, at) => `INSERT INTO ${table} VALUES (${first + at}, 0)`),
        merge: Array.from(
          { length: 3 },
          () =>
            `MERGE INTO ${table} t USING (SELECT -1L AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + 1`,
        ),
      }));
    const results = await Promise.all([run(lanes(0)), run(lanes(1000))]);
    const read = await run(
      perTable((table) => ({
        rows: [
          `SELECT count(*) AS all, count(DISTINCT id) AS ids, max(n) AS n FROM ${table}`,
          `DESCRIBE HISTORY ${table}`,
        ],
      })),
    );
    for (const store of Object.keys(tables)) {
      await t.test(`on ${store}`, () => {
        const statements = (lane: string): LaneResult['statements'] =>
          results.flatMap((result) => result(`${store}-${lane}`).statements);
        for (const { error } of [...statements('insert'), ...statements('merge')])
          if (error !== null) assert.match(error.class ?? '', /^DELTA_CONCURRENT_/);
        const succeeded = (lane: string): number =>
          statements(lane).filter(({ error }) => error === null).length;
        const [rows, history] = read(`${store}-rows`).statements;
        const inserted = String(succeeded('insert') + 1);
        assert.deepEqual(rows?.row, { all: inserted, ids: inserted, n: String(succeeded('merge')) });
        // Versions 0 and 1 were there; every success is one version more.
        assert.equal(history?.row?.['version'], String(1 + succeeded('insert') + succeeded('merge')));
        assert.ok(succeeded('insert') >= INSERTS, 'blind inserts do not conflict with each other');
      });
    }
  });
});
