import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { CHECKS, examine } from '../../deploy/doctor/doctor.js';
import { processEntry } from '../../deploy/stack/process-table.js';
import { killService, stackDelete, stackDown, stackUp, type StackFacts } from '../../deploy/stack/stack.js';
import { stackStatus, type ServiceStatus } from '../../deploy/stack/stack-status.js';

/** One stack for the whole file, without its class archive; the tests run in order. */
const dir = join(mkdtempSync(join(tmpdir(), 'stack-test-')), 'D');
let facts: StackFacts;

const up = (): Promise<StackFacts> => stackUp({ dir, classArchive: false });

before(async () => {
  facts = await up();
});

after(async () => {
  await stackDelete(dir);
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

async function status(name: ServiceStatus['name']): Promise<ServiceStatus> {
  const found = (await stackStatus(dir)).find((service) => service.name === name);
  assert.ok(found);
  return found;
}

test('after up every service runs, and the doctor finds no fault', async () => {
  assert.deepEqual(new Set((await stackStatus(dir)).map(({ state }) => state)), new Set(['running']));
  const faults = (await examine(facts.env, CHECKS)).filter(({ state }) => state === 'fault');
  assert.deepEqual(faults, []);
});

test("Spark's daemons, and with them drivers, keep their temporary files in the stack's folder", () => {
  for (const name of ['spark-master', 'spark-worker']) {
    const log = readFileSync(join(dir, 'logs', `${name}.log`), 'utf8');
    assert.ok(log.includes(`JAVA_TOOL_OPTIONS: -Djava.io.tmpdir='${join(dir, 'spark', 'tmp')}'`), name);
  }
});

test('env.sh gives a shell the same variables', () => {
  const shell = execFileSync('sh', [
    '-c',
    `. "$0"; printf '%s %s' "$REDIS_URL" "$SPARK_DRIVER_CLASSPATH"`,
    facts.environmentFile,
  ]);
  assert.equal(
    shell.toString(),
    `${facts.env['REDIS_URL'] ?? ''} ${facts.env['SPARK_DRIVER_CLASSPATH'] ?? ''}`,
  );
});

test('a second up, even two at once, changes nothing', async () => {
  const first = await stackStatus(dir);
  const [again, atOnce] = await Promise.all([up(), up()]);
  assert.deepEqual(again.env, facts.env);
  assert.deepEqual(atOnce.env, facts.env);
  assert.deepEqual(await stackStatus(dir), first);
});

test('up repairs what was killed and leaves the rest alone', async () => {
  const first = await stackStatus(dir);
  killService(dir, 'redis');
  while ((await status('redis')).state !== 'dead') await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual((await up()).env, facts.env);
  const second = await stackStatus(dir);
  const changed = second
    .filter(({ pid }, at) => pid !== first[at]?.pid)
    .map(({ name, state }) => ({ name, state }));
  assert.deepEqual(changed, [{ name: 'redis', state: 'running' }]);
});

test("drivers' login may connect to the ledger and to nothing else, and may make nothing there", async () => {
  const url = new URL(facts.env['LEDGER_RUNNER_DATABASE_URL'] ?? '');
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await assert.rejects(client.query('CREATE TABLE t (x int)'), { code: '42501' });
  await client.end();
  for (const database of ['metastore', 'warehouse']) {
    url.pathname = `/${database}`;
    const other = new pg.Client({ connectionString: url.href });
    await assert.rejects(other.connect(), { code: '42501' });
  }
});

test('down ends every process, but never one that was given the pid of an ended one', async () => {
  const pids = (await stackStatus(dir)).flatMap(({ pid }) => pid ?? []);
  assert.equal(pids.length, 5);
  killService(dir, 'redis');
  while ((await status('redis')).state !== 'dead') await new Promise((resolve) => setImmediate(resolve));
  const file = join(dir, 'services.json');
  const records = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { pid: number }>;
  // As if the system had given Redis' old pid to this very process.
  writeFileSync(file, JSON.stringify({ ...records, redis: { ...records['redis'], pid: process.pid } }));
  // As a driver that was killed leaves it.
  mkdirSync(join(dir, 'spark', 'tmp', 'artifacts-of-a-killed-driver'));
  await stackDown(dir);
  for (const pid of pids) assert.equal(processEntry(pid), undefined);
  for (const scratch of ['tmp', 'local', 'scratch'])
    assert.ok(!existsSync(join(dir, 'spark', scratch)), scratch);
  assert.ok(existsSync(facts.environmentFile));
  assert.deepEqual(new Set((await stackStatus(dir)).map(({ state }) => state)), new Set(['stopped']));
});
