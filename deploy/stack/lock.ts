import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LakeError } from '../../orchestrator/errors.js';
import { isNoSuchFile } from './json-file.js';
import { processEntry } from './process-table.js';

const WAIT_MS = 20 * 60_000;
const LOOK_AGAIN_MS = 200;

/**
 * Runs `act` while holding a lock file that names its process; a lock whose process has ended is taken over.
 * A hard link makes the lock appear whole: there is no moment when it exists without its owner.
 * @param onWait called once, with the owner's pid, when another process holds the lock
 * @throws LakeError STACK_FAILED when it is not free after 20 minutes
 */
export async function withLock<T>(
  path: string,
  act: () => Promise<T>,
  onWait?: (pid: number) => void,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const mine = ownMark();
  const giveUp = Date.now() + WAIT_MS;
  let told = false;
  for (let attempt = 0; !take(path, `${mine}:${attempt}`); attempt++) {
    const owner = readOwner(path);
    if (owner !== undefined && !isAlive(owner)) {
      takeAway(path, owner);
      continue;
    }
    if (owner !== undefined && !told) onWait?.(Number(owner.split(' ')[0]));
    told ||= owner !== undefined;
    if (Date.now() > giveUp) {
      throw new LakeError('STACK_FAILED', `${path} has been held for 20 minutes`, {
        mend: `See what process ${owner?.split(' ')[0] ?? '?'} does; end it if it hangs, then run this again.`,
      });
    }
    await sleep(LOOK_AGAIN_MS);
  }
  try {
    return await act();
  } finally {
    rmSync(path, { force: true });
  }
}

let counter = 0;

/** `pid start-mark counter`: the counter tells apart two locks that one process waits for. */
function ownMark(): string {
  counter += 1;
  return `${process.pid} ${encodeURIComponent(processEntry(process.pid)?.startMark ?? '')} ${counter}`;
}

function take(path: string, mark: string): boolean {
  const own = `${path}.${process.pid}.${counter}`;
  writeFileSync(own, mark);
  try {
    linkSync(own, path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  } finally {
    rmSync(own, { force: true });
  }
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isNoSuchFile(thrown)) return undefined;
    throw thrown;
  }
}

function isAlive(owner: string): boolean {
  const [pid, startMark] = owner.split(' ');
  return processEntry(Number(pid))?.startMark === decodeURIComponent(startMark ?? '');
}

/** Two waiters may see the same dead owner: who moved away another's fresh lock puts it back. */
function takeAway(path: string, deadOwner: string): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
  } catch (thrown) {
    if (isNoSuchFile(thrown)) return;
    throw thrown;
  }
  if (readOwner(aside) === deadOwner) rmSync(aside, { force: true });
  else renameSync(aside, path);
}
