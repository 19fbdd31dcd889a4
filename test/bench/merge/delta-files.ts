import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const vector = z.object({ storageType: z.string(), sizeInBytes: z.number(), cardinality: z.number() });
const action = z.object({
  commitInfo: z.object({ operation: z.string() }).optional(),
  add: z
    .object({
      path: z.string(),
      size: z.number(),
      stats: z.string().nullish(),
      deletionVector: vector.nullish(),
    })
    .optional(),
  remove: z.object({ path: z.string() }).optional(),
});

interface LiveFile {
  readonly bytes: number;
  readonly rows: number;
  readonly deleted: number;
}

/** What one commit wrote to disk besides its entry in the log. */
export interface CommitCost {
  readonly operation: string;
  /** New data files and new deletion vectors. */
  readonly bytesWritten: number;
}

/**
 * A table on disk as its Delta log tells, from its first commit to its newest. Only for logs whose JSON files are all there still.
 * A file that gets a new deletion vector is added once more under its old name: it is not written again.
 */
export function readDeltaFiles(table: string): {
  readonly commits: readonly CommitCost[];
  readonly rows: number;
  readonly bytes: number;
  readonly files: number;
} {
  const live = new Map<string, LiveFile>();
  const commits: CommitCost[] = [];
  for (const file of logFiles(table)) {
    const known = new Set(live.keys());
    let bytesWritten = 0;
    let operation = '';
    const actions = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => action.parse(JSON.parse(line)));
    for (const { remove } of actions) if (remove !== undefined) live.delete(remove.path);
    for (const { add, commitInfo } of actions) {
      operation = commitInfo?.operation ?? operation;
      if (add === undefined) continue;
      bytesWritten += known.has(add.path) ? 0 : add.size;
      // An inline vector stands in the log itself.
      bytesWritten += add.deletionVector?.storageType === 'u' ? add.deletionVector.sizeInBytes : 0;
      const { numRecords } = JSON.parse(add.stats ?? '{}') as { numRecords?: number };
      live.set(add.path, {
        bytes: add.size,
        rows: numRecords ?? 0,
        deleted: add.deletionVector?.cardinality ?? 0,
      });
    }
    commits.push({ operation, bytesWritten });
  }
  const files = [...live.values()];
  return {
    commits,
    rows: files.reduce((sum, { rows, deleted }) => sum + rows - deleted, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: files.length,
  };
}

function logFiles(table: string): string[] {
  const log = join(table, '_delta_log');
  if (!existsSync(log)) return [];
  return readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .map((name) => join(log, name));
}
