import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { sparkHome } from '../../deploy/stack/spark-home.js';
import { readStackEnvironment } from '../../orchestrator/config/stack-environment.js';
import { asLakeError } from '../../orchestrator/errors.js';
import { withOwnStack } from './own-stack.js';
import { findGroups, PARTS, USUAL_PARTS, type Group } from './test-files.js';
import { TestTally } from './test-tally.js';

/** A file that hangs must not hang the run. Among the long ones one brings in a hundred thousand documents. */
const LONGEST_FILE_MS = 12 * 60_000;
const LONGEST_LONG_FILE_MS = 180 * 60_000;

/**
 * Runs the tests and prints, last of all, the one line `N passed, N failed` over everything. Services come and go
 * with it: one embedded stack serves what needs it and is taken down in every case.
 * A stack that is up already serves instead when TEST_STACK_DIR names its directory and its env.sh was sourced.
 * @returns the exit code: 0 all passed, 1 not
 */
export async function runTests(words: readonly string[]): Promise<number> {
  const tally = new TestTally(say);
  const stopping = stopOnSignal();
  const began = Date.now();
  try {
    const parts = PARTS.filter((part) => words.includes(part));
    const filters = words.filter((word) => !PARTS.some((part) => part === word));
    const groups = findGroups(parts.length === 0 ? USUAL_PARTS : parts, filters);
    if (groups.length === 0) tally.broke(`no test file for ${words.join(' ')}`);
    await runGroups(groups, tally, stopping);
  } catch (thrown) {
    const error = asLakeError(thrown);
    tally.broke(`${error.code}: ${error.message}\n${error.stack ?? ''}`);
  }
  if (stopping.aborted) tally.broke('stopped by a signal');
  tally.report();
  say(`\n${((Date.now() - began) / 1000).toFixed(0)} s in all`);
  say(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

/**
 * Unit tests first. Then those with services of their own beside those on the stack: the latter wait much (for leases
 * to run out, for drivers to be given up), the former compute, so that together they keep two cores busy.
 */
async function runGroups(groups: readonly Group[], tally: TestTally, stopping: AbortSignal): Promise<void> {
  const inTurn = async (some: readonly Group[]): Promise<void> => {
    for (const group of some) await runGroup(group, tally, stopping);
  };
  await inTurn(groups.filter((group) => group.part === 'unit'));
  const rest = groups.filter((group) => group.part !== 'unit');
  if (rest.length === 0 || stopping.aborted) return;
  process.env['SPARK_HOME'] ??= await sparkHome(readStackEnvironment().cacheFolder, say);
  const onStack = rest.filter((group) => group.needsStack);
  const ended = await Promise.allSettled([
    inTurn(rest.filter((group) => !group.needsStack)),
    onStack.length === 0 ? undefined : withOwnStack(() => inTurn(onStack), say),
  ]);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function runGroup(group: Group, tally: TestTally, stopping: AbortSignal): Promise<void> {
  if (stopping.aborted) return;
  say(`\n== ${group.name}: ${group.files.length} files`);
  const stream = run({
    files: [...group.files],
    concurrency: group.concurrency,
    timeout: group.part === 'long' ? LONGEST_LONG_FILE_MS : LONGEST_FILE_MS,
    signal: stopping,
  });
  stream.on('test:pass', (end) => {
    tally.ended(end, true);
  });
  stream.on('test:fail', (end) => {
    tally.ended(end, false);
  });
  stream.on('test:stderr', ({ message }) => process.stderr.write(message));
  // The stream ends when every file has; it must be read for that.
  stream.resume();
  await finished(stream);
}

function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) say('Stopping; the stack is taken down first');
      stop.abort();
    });
  }
  return stop.signal;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
