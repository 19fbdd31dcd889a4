import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretsOf } from '../../../orchestrator/config/secrets.js';
import { causeOf } from '../../../orchestrator/jobs/cause.js';
import { redact } from '../../../orchestrator/jobs/redact.js';
import { readPart } from '../../../orchestrator/submit/worker-logs.js';

test('a log shows no secret: neither a known one nor what looks like one', () => {
  const secrets = secretsOf({
    LEDGER_DATABASE_URL: 'postgresql://lake:p%40ssword-1@db:5432/ledger',
    HQ_SHARD_DATABASE_URLS: ['postgresql://hq:shard-secret@p1/hq'],
    DASHBOARD_DB_PASSWORD: 'warehouse-pw',
    ALERT_WEBHOOK_URL: 'https://hooks.example/T0/B0',
    LOG_LEVEL: 'debug',
  });
  const log = [
    'Launch Command: "/usr/bin/java" "--run" "r-1" "--token" "3b6c-77" "--idle-seconds" "30"',
    'Connecting as lake with p@ssword-1 or p%40ssword-1, shard-secret, warehouse-pw; tell https://hooks.example/T0/B0',
    'jdbc:postgresql://other:unknown1@db/x?password=unknown2&ssl=true',
    'spark.hadoop.fs.s3a.secret.key=unknown3, javax.jdo.option.ConnectionPassword: unknown4',
    '26/11/23 INFO Runner: lane 12 done in 3 s, 1,204 rows',
  ].join('\n');
  const shown = redact(log, secrets);
  for (const secret of ['3b6c-77', 'p@ssword', 'p%40ssword', 'shard-secret', 'warehouse-pw', 'hooks.example'])
    assert.ok(!shown.includes(secret), secret);
  assert.doesNotMatch(shown, /unknown\d/);
  assert.match(shown, /"--run" "r-1" "--token" "\*+" "--idle-seconds"/);
  assert.match(shown, /lane 12 done in 3 s, 1,204 rows$/);
});

test('a part of a log is whole lines, and goes on where it ended', () => {
  const answer = (from: number, text: string, total = 9_999): Buffer =>
    Buffer.from(`==== Bytes ${from}-${from + text.length} of ${total} of /w/driver-1/stderr ====\n${text}`);
  assert.deepEqual(readPart(answer(0, 'one\ntwo\nthr'), false), { text: 'one\ntwo\n', nextOffset: 8 });
  assert.deepEqual(readPart(answer(8, 'three\n'), false), { text: 'three\n', nextOffset: 14 });
  assert.deepEqual(readPart(answer(500, 'nd of a line\nwhole\n'), true), {
    text: 'whole\n',
    nextOffset: 519,
  });
  assert.deepEqual(readPart(answer(14, ''), false), { text: '', nextOffset: 14 });
  assert.deepEqual(readPart(answer(0, 'unfinished'), false), { text: '', nextOffset: 0 });
  const long = 'x'.repeat(64 * 1024);
  assert.equal(readPart(answer(0, long), false)?.nextOffset, long.length, 'one line that fills the part');
  assert.equal(readPart(Buffer.from('Error: invalid log directory'), false), undefined);
});

test('a cause has the code, one sentence and the mend of its code, else of its class', () => {
  assert.equal(causeOf(null, null), null);
  const known = causeOf('HQ_READ_FAILED: shard 2 does not answer\nmore', 'transient');
  assert.deepEqual([known?.code, known?.sentence], ['HQ_READ_FAILED', 'shard 2 does not answer']);
  assert.match(known?.mend ?? '', /HQ's databases/);
  const spark = causeOf('DELTA_SOMETHING: a version is gone', 'data');
  assert.deepEqual([spark?.code, spark?.failureClass], ['DELTA_SOMETHING', 'data']);
  assert.match(spark?.mend ?? '', /records set aside/);
  assert.equal(causeOf('no code at all', 'nonsense')?.failureClass, null);
});
