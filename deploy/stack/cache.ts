import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.js';

/** Called with one line for people. */
export type Report = (line: string) => void;

const PROGRESS_MS = 5_000;
const MEGABYTE = 1_048_576;

/**
 * One piece of the shared cache folder: made once, under a temporary name, and renamed when whole, so that an
 * interrupted download is never half used. Two stacks that need it at once make it once.
 * @param make fills the folder it is given
 * @returns the piece's path
 */
export async function cachedFolder(
  cacheFolder: string,
  name: string,
  report: Report,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cacheFolder, name);
  if (existsSync(target)) return target;
  const locks = join(cacheFolder, 'locks');
  return withLock(
    join(locks, name),
    async () => {
      if (existsSync(target)) return target;
      clearLeftovers(cacheFolder, name);
      const temporary = join(cacheFolder, `${name}.${process.pid}.tmp`);
      mkdirSync(temporary, { recursive: true });
      try {
        await make(temporary);
        renameSync(temporary, target);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
      return target;
    },
    (pid) => {
      report(`Waiting for process ${pid}, which is making ${name}`);
    },
  );
}

/** We hold the piece's lock, so a temporary folder of it belongs to a process that was killed. */
function clearLeftovers(cacheFolder: string, name: string): void {
  for (const entry of readdirSync(cacheFolder)) {
    if (entry.startsWith(`${name}.`) && entry.endsWith('.tmp')) {
      rmSync(join(cacheFolder, entry), { recursive: true, force: true });
    }
  }
}

/** Reports every five seconds, while `act` runs, how much of a download stands in a folder, then that it is unpacked. */
export async function withProgress<T>(
  report: Report,
  what: string,
  folder: string,
  expectedMegabytes: number,
  act: () => Promise<T>,
): Promise<T> {
  report(`${what}: downloading about ${expectedMegabytes} MB`);
  const timer = setInterval(() => {
    const megabytes = Math.round(folderBytes(folder) / MEGABYTE);
    report(megabytes < expectedMegabytes ? `${what}: ${megabytes} MB so far` : `${what}: unpacking`);
  }, PROGRESS_MS);
  try {
    return await act();
  } finally {
    clearInterval(timer);
  }
}

function folderBytes(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? folderBytes(path) : statSync(path).size);
    }, 0);
  } catch {
    return 0; // pip moves and deletes files while we look.
  }
}
