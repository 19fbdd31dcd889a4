import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { allOf, treeOf, usageOf, type SeenProcess } from '../../bench/process-usage.js';

function seen(pid: number, parent: number): SeenProcess {
  return { pid, parent, command: '', cpuSeconds: 0, residentBytes: 0 };
}

test('a tree is a process and all below it, in whatever order they are listed', () => {
  const all = [seen(30, 20), seen(20, 10), seen(10, 1), seen(11, 1), seen(40, 30)];
  const pids = (list: readonly SeenProcess[]): number[] => list.map(({ pid }) => pid);
  assert.deepEqual(pids(treeOf(20)(all)), [30, 20, 40]);
  assert.deepEqual(pids(allOf(treeOf(20), treeOf(30), treeOf(11))(all)), [30, 20, 40, 11]);
});

test('processor time of a child’s child counts', async () => {
  const busy = 'const until = process.cpuUsage().user + 1e6; while (process.cpuUsage().user < until);';
  const nested = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(busy)}])`;
  const child = spawn(process.execPath, ['-e', nested], { stdio: 'ignore' });
  const { usage } = await usageOf(treeOf(child.pid ?? 0), () => once(child, 'exit'));
  // The last look may miss a tenth of a second; a busy machine makes no less of it.
  assert.ok((usage?.cpuSeconds ?? 0) > 0.5, `${usage?.cpuSeconds ?? 'no'} s were seen`);
  assert.ok((usage?.peakBytes ?? 0) > 20 * 1024 ** 2);
});
