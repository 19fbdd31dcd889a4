import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Workshop } from './driver.js';
import { startLedger, type TestLedger } from './ledger.js';
import { laneOf, readResult, type RunResult } from './result.js';

// No reference to a setting that exists: those Spark itself fills in wherever it reads a setting.
const METADATA = `{"lane":"it's \\"one\\"; two","x":"\${x} {} -- /* \`"}`;

describe('one run of many lanes', () => {
  let ledger: TestLedger;
  let workshop: Workshop;
  let result: RunResult;
  let state: string;
  let code: number;
  let log: string;

  before(async () => {
    workshop = new Workshop();
    ledger = await startLedger();
    const table = `delta.\`${workshop.url('table')}\``;
    const ids = await ledger.addRun();
    const runFile = workshop.writeRun(ids.run, {
      merge: [
        `SET spark.databricks.delta.commitInfo.userMetadata=${METADATA}`,
        `CREATE TABLE ${table} (\`_id\` STRING, n BIGINT) USING delta`,
        `MERGE INTO ${table} t USING (SELECT * FROM VALUES ('a', 1L), ('b\n ;\n-- not a comment \${x}', 2L) AS v(id, n)) s
ON t.\`_id\` = s.id WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT (\`_id\`, n) VALUES (s.id, s.n)`,
        `SELECT max(\`_id\`) AS id, sum(n) AS n, CAST(NULL AS STRING) AS nothing FROM ${table}`,
        'SET spark.databricks.delta.commitInfo.userMetadata',
      ],
      failing: [
        'CREATE TEMPORARY VIEW mine AS SELECT 1 AS one',
        "SELECT CAST(concat('very-', 'private-', id) AS BIGINT) FROM range(3)",
        `DROP TABLE ${table}`,
      ],
      unknown: ['SELECT * FROM mine'],
      settings: [
        'SET spark.delta.logStore.file.impl',
        'SET spark.delta.logStore.s3a.impl',
        'SET spark.test.absent',
      ],
    });
    const args = ['--run', ids.run, '--token', ids.token, '--run-file', runFile];
    const driver = workshop.start({ args, env: ledger.env });
    code = await driver.exit;
    log = driver.log();
    result = readResult(workshop.resultPath(ids.run));
    ({ state } = await ledger.run(ids.run));
  });
  after(async () => {
    await workshop.close();
    await ledger.close();
  });

  test('ends with 20 and as failed in the ledger when one lane failed, with the result of all', () => {
    assert.equal(code, 20, log.slice(-3000));
    assert.equal(state, 'failed');
    assert.deepEqual(
      result.lanes.map(({ lane, state: end }) => [lane, end]),
      [
        ['merge', 'done'],
        ['failing', 'failed'],
        ['unknown', 'failed'],
        ['settings', 'done'],
      ],
    );
  });

  test('gives the first row of each statement as text, a MERGE its counts', () => {
    const [, , merge, select] = laneOf(result, 'merge').statements;
    assert.deepEqual(merge?.row, {
      num_affected_rows: '2',
      num_updated_rows: '0',
      num_deleted_rows: '0',
      num_inserted_rows: '2',
    });
    assert.deepEqual(select?.row, { id: 'b\n ;\n-- not a comment ${x}', n: '3', nothing: null });
  });

  test('sets values verbatim, so that the commit carries the metadata byte for byte', () => {
    assert.equal(laneOf(result, 'merge').statements[4]?.row?.['value'], METADATA);
    const infos = workshop
      .commits('table')
      .map((actions) => actions[0]?.['commitInfo'] as { userMetadata: string });
    assert.deepEqual(
      infos.map((info) => info.userMetadata),
      [METADATA, METADATA],
    );
  });

  test('stops a lane at its first failure and keeps what the error quotes out of the result', () => {
    const { statements } = laneOf(result, 'failing');
    assert.equal(statements.length, 2);
    const failed = statements[1]?.error;
    assert.ok(failed);
    const { root, ...error } = failed;
    assert.deepEqual(error, {
      class: 'CAST_INVALID_INPUT',
      sqlState: '22018',
      exception: 'org.apache.spark.SparkNumberFormatException',
      message: null,
    });
    assert.match(root, /^[\w.$]+(?: at [\w.$]+)?$/, 'a class and a method, nothing else');
    assert.doesNotMatch(JSON.stringify(result), /very-private/);
  });

  test('keeps the lanes apart and the message of an error that speaks of names', () => {
    const error = laneOf(result, 'unknown').statements[0]?.error;
    assert.equal(error?.class, 'TABLE_OR_VIEW_NOT_FOUND');
    assert.match(error.message ?? '', /`mine`/);
  });

  test("never runs with Delta's own log store", () => {
    const values = laneOf(result, 'settings').statements.map(({ row }) => row?.['value']);
    const ours = 'org.dimagi.lake.runner.PutIfAbsentLogStore';
    assert.deepEqual(values, [ours, ours, '<undefined>']);
  });
});
