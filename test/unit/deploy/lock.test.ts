import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { withLock } from '../../../deploy/stack/lock.js';
import { processEntry } from '../../../deploy/stack/process-table.js';

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('one holder at a time, also within one process', async (t) => {
  const path = join(scratch(t), 'lock');
  let inside = 0;
  let most = 0;
  const act = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => withLock(path, act)));
  assert.equal(most, 1);
  assert.equal(existsSync(path), false);
});

test('the lock of a process that was killed is taken over', async (t) => {
  const path = join(scratch(t), 'lock');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const { pid = 0 } = child;
  const mark = encodeURIComponent(processEntry(pid)?.startMark ?? '');
  writeFileSync(path, `${pid} ${mark} 1:0`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await withLock(path, () => Promise.resolve('ours')), 'ours');
});

test('a live process that was given the pid of a dead owner does not hold the lock', async (t) => {
  const path = join(scratch(t), 'lock');
  writeFileSync(path, `${process.pid} another-start 1:0`);
  assert.equal(await withLock(path, () => Promise.resolve('ours')), 'ours');
});

test('a failed act gives the lock back', async (t) => {
  const path = join(scratch(t), 'lock');
  await assert.rejects(withLock(path, () => Promise.reject(new Error('no'))));
  assert.equal(existsSync(path), false);
});
