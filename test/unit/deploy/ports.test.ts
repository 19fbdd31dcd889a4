import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { accepts, choosePorts, isFree, type Ports } from '../../../deploy/stack/ports.js';

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ports-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A stack's directory as far as port claims look at it. */
function stackDir(parent: string, name: string): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'stack.json'), '{}');
  return dir;
}

async function listen(t: TestContext, port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
  t.after(() => server.close());
  return server;
}

const NONE: ReadonlySet<never> = new Set();

test('ports are all different and free, and remembered ones are kept', async (t) => {
  const folder = scratch(t);
  const dir = stackDir(folder, 'a');
  const first = await choosePorts(folder, dir, {}, NONE);
  const ports = Object.values<number>(first);
  assert.equal(new Set(ports).size, ports.length);
  for (const port of ports) assert.equal(await isFree(port), true);
  assert.deepEqual(await choosePorts(folder, dir, first, NONE), first);
});

test('a port that a stranger has taken is given up, the others stay', async (t) => {
  const folder = scratch(t);
  const dir = stackDir(folder, 'a');
  const first = await choosePorts(folder, dir, {}, NONE);
  await listen(t, first.redis);
  assert.equal(await accepts('127.0.0.1', first.redis), true);
  const second = await choosePorts(folder, dir, first, NONE);
  assert.notEqual(second.redis, first.redis);
  assert.deepEqual({ ...second, redis: 0 }, { ...first, redis: 0 });
});

test("a port that the stack's own service holds is kept", async (t) => {
  const folder = scratch(t);
  const dir = stackDir(folder, 'a');
  const first = await choosePorts(folder, dir, {}, NONE);
  await listen(t, first.redis);
  const second = await choosePorts(folder, dir, first, new Set(['redis' as const]));
  assert.deepEqual(second, first);
});

test('two stacks that start at once get different ports, though neither listens yet', async (t) => {
  const folder = scratch(t);
  const [a, b] = [stackDir(folder, 'a'), stackDir(folder, 'b')];
  const both = await Promise.all([choosePorts(folder, a, {}, NONE), choosePorts(folder, b, {}, NONE)]);
  const ports = both.flatMap((chosen: Ports) => Object.values<number>(chosen));
  assert.equal(new Set(ports).size, ports.length);
});

test('the claims of a stack end with its directory', async (t) => {
  const folder = scratch(t);
  const [a, b] = [stackDir(folder, 'a'), stackDir(folder, 'b')];
  const first = await choosePorts(folder, a, {}, NONE);
  rmSync(a, { recursive: true });
  assert.deepEqual(await choosePorts(folder, b, first, NONE), first);
});
