import type { Storage } from '../storage/storage.js';
import { asRecord, commitsBehind, readCommit } from './delta-log.js';

/** Files that commits have removed from a table, as far as they are old enough to be deleted. */
export interface RemovedFiles {
  readonly files: number;
  readonly bytes: number;
  /** The newest commit that is old enough; null: none is. */
  readonly through: bigint | null;
  /** Older commits are gone from the log, and with them what they removed: there may be more. */
  readonly isPartial: boolean;
}

/** Commits that are read at once. */
const AT_ONCE = 16;

/**
 * What the commits behind `after` removed before a moment. Each commit is looked at once: the next time it begins where this
 * one has ended.
 * @param after the newest version that was looked at before; null: none was
 * @param before milliseconds since 1970
 */
export async function removedBefore(
  storage: Storage,
  path: string,
  after: bigint | null,
  before: number,
): Promise<RemovedFiles> {
  const versions = await commitsBehind(storage, path, after);
  const isPartial = versions[0] !== undefined && versions[0] > (after ?? -1n) + 1n;
  let [files, bytes] = [0, 0];
  let through: bigint | null = null;
  for (let from = 0; from < versions.length; from += AT_ONCE) {
    const some = versions.slice(from, from + AT_ONCE);
    const commits = await Promise.all(some.map((version) => readCommit(storage, path, version)));
    for (const [at, actions] of commits.entries()) {
      const time = asRecord(actions.map((action) => action['commitInfo']).find((info) => info !== undefined));
      if (Number(time['timestamp'] ?? 0) >= before) return { files, bytes, through, isPartial };
      for (const action of actions) {
        const removed = asRecord(action['remove']);
        if (typeof removed['path'] !== 'string') continue;
        files++;
        bytes += Number(removed['size'] ?? 0);
      }
      through = some[at] ?? through;
    }
  }
  return { files, bytes, through, isPartial };
}
