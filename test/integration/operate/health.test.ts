import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { LivenessCheck } from '../../../orchestrator/health/liveness.js';
import { readiness } from '../../../orchestrator/health/probes.js';
import { ReadinessCheck, probe } from '../../../orchestrator/health/readiness.js';
import { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { PostgresServer } from '../../helpers/postgres-server.js';

test('readiness tells each service, and only the ledger is a must', async (t) => {
  const postgres = await PostgresServer.create();
  t.after(() => postgres.remove());
  const database = new LedgerDatabase(postgres.url('postgres'));
  const redis = new Redis('redis://127.0.0.1:1', { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  t.after(() => {
    redis.disconnect();
  });
  assert.equal((await readiness({ database }).look()).status, 'ready');

  await t.test('a queue that is away degrades; the client that waits for it holds nobody up', async () => {
    const check = readiness({ database, redis });
    const { status, services } = await check.look();
    assert.equal(status, 'degraded');
    assert.deepEqual(
      services.map(({ name, state, code }) => `${name} ${state} ${code ?? ''}`.trim()),
      ['ledger up', 'redis down SERVICE_UNREACHABLE'],
    );
    assert.ok((services[1]?.mend ?? '') !== '');
  });

  await t.test(
    'a ledger that takes connections and says nothing is away like one that does not',
    async () => {
      const sockets: Socket[] = [];
      const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const address = silent.address();
      assert.ok(address !== null && typeof address === 'object');
      const away = new LedgerDatabase(`postgresql://x:y@127.0.0.1:${address.port}/z`);
      const { status, services } = await readiness({ database: away }).look();
      assert.equal(status, 'unready');
      assert.deepEqual(
        services.map(({ name, state }) => `${name} ${state}`),
        ['ledger down'],
      );
      for (const socket of sockets) socket.destroy();
      silent.close();
      await away.close();
    },
  );

  await t.test('it comes back by itself, without a secret in what it tells', async () => {
    await postgres.stop();
    const check = readiness({ database });
    const down = await check.look();
    assert.equal(down.status, 'unready');
    assert.deepEqual(
      [down.services[0]?.code, down.services[0]?.mend],
      ['LEDGER_FAILED', 'Check the ledger database, then retry.'],
    );
    await postgres.start();
    assert.equal((await readiness({ database }).look()).status, 'ready');
  });
  await database.close();
});

test('a question that is still open is not asked again', async () => {
  let asked = 0;
  const look = new ReadinessCheck([
    probe('slow', 'KAFKA_FAILED', () => {
      asked += 1;
      return new Promise(() => undefined);
    }),
  ]);
  await Promise.all([look.look(), look.look()]);
  const { services } = await look.look();
  assert.equal(services[0]?.state, 'down');
  assert.equal(asked, 1);
});

test('liveness tells how long the event loop stood', async () => {
  const check = new LivenessCheck();
  // The first tick of the watch is what it measures from.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const until = Date.now() + 300;
  while (Date.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { status, eventLoopStoodMs } = check.look();
  assert.equal(status, 'ok');
  assert.ok(eventLoopStoodMs >= 100, String(eventLoopStoodMs));
  check.close();
});
