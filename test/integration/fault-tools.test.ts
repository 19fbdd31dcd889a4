import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import { ServiceManager } from '../faults/random/service-manager.js';
import { SparkAnswers } from '../faults/random/spark-answers.js';
import { startRestProxy } from '../helpers/rest-proxy.js';
import { startTcpGate } from '../helpers/tcp-gate.js';
import { until } from '../helpers/until.js';

/** What the fault harness breaks things with must break what it says, and nothing else. */

test('a slow gate delays every piece and loses none; a shut one refuses', async (t) => {
  const port = await serve(t, (_asked, answer) => answer.end('whole'));
  const gate = await startTcpGate(t, '127.0.0.1', port);
  const ask = async (): Promise<string> => {
    const url = `http://127.0.0.1:${gate.port}/`;
    return await (await fetch(url, { headers: { connection: 'close' } })).text();
  };
  assert.equal(await ask(), 'whole');
  gate.slow(50);
  const began = performance.now();
  assert.equal(await ask(), 'whole');
  assert.ok(performance.now() - began >= 95, 'there and back were held back');
  gate.slow(0);
  await gate.shut();
  await assert.rejects(ask());
  await gate.open();
  assert.equal(await ask(), 'whole');
});

test('Spark’s answers are lost, held and made up as they are told to be, and true again afterwards', async (t) => {
  const port = await serve(t, (_asked, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ success: true, submissionId: 'driver-1', driverState: 'RUNNING' }));
  });
  const answers = new SparkAnswers();
  const proxy = await startRestProxy(t, (act) => answers.fateOf(act), new URL(`http://127.0.0.1:${port}`));
  const spark = new SparkRest([proxy.url], undefined);
  const request = { mainClass: 'M', appArgs: [], sparkProperties: {}, environmentVariables: {} };
  const states: unknown[] = [];
  for (const lie of ['FAILED', 'FINISHED', 'forgotten', undefined] as const) {
    answers.lie = lie;
    states.push(await spark.state('driver-1'));
  }
  assert.deepEqual(states, ['FAILED', 'FINISHED', undefined, 'RUNNING']);
  for (const fate of ['cut', 'hold'] as const) {
    answers.nextCreate = fate;
    await assert.rejects(spark.create(request), { code: 'SPARK_ANSWER_LOST' });
    assert.equal((await spark.create(request)).submissionId, 'driver-1');
  }
  assert.deepEqual(await proxy.deliverHeld(), [200]);
});

test('the service manager tells of an end that nobody asked for', async (t) => {
  const manager = new ServiceManager({ LAKE_CONFIG: '/nowhere/lake.yaml' });
  t.after(() => manager.killAll());
  manager.start();
  await until('its end is told', () => manager.faults.length > 0);
  assert.match(manager.faults[0] ?? '', /^orchestrator-1 ended by itself with 3: /);
  assert.deepEqual(manager.members, []);
});

test('a process’s clock jumps when it is told to, and back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clock-'));
  const file = join(folder, 'shift');
  writeFileSync(file, '0');
  const preload = pathToFileURL(join(PACKAGE_ROOT, 'test', 'faults', 'random', 'shifted-clock.mjs')).href;
  // It tells its clock when it is asked to, so nothing here waits for time to pass.
  const program = 'process.stdin.on("data", () => console.log(+new Date()))';
  const child = spawn(process.execPath, ['-e', program], {
    env: { ...process.env, NODE_OPTIONS: `--import ${preload}`, FAULT_CLOCK_FILE: file },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const hoursAhead = async (): Promise<number> => {
    child.stdin.write('now?\n');
    const { value } = (await lines.next()) as { value: string };
    // Not -0, which is another number to strictEqual.
    return Math.round((Number(value) - Date.now()) / 3_600_000) + 0;
  };
  assert.equal(await hoursAhead(), 0);
  for (const hours of [2, -2, 0]) {
    writeFileSync(file, String(hours * 3_600_000));
    child.kill('SIGUSR2');
    let ahead = await hoursAhead();
    // The signal may come after the question.
    while (ahead !== hours) ahead = await hoursAhead();
  }
});

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
