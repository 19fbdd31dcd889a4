import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Figure } from '../measurement.js';
import { readable } from '../statistics.js';

const vector = z.object({ storageType: z.string(), sizeInBytes: z.number(), cardinality: z.number() });
const action = z.object({
  commitInfo: z
    .object({
      operation: z.string(),
      operationMetrics: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
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
interface CommitCost {
  readonly operation: string;
  /** Rows that a MERGE inserted, updated and deleted. */
  readonly changed: number;
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
    let changed = 0;
    const actions = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => action.parse(JSON.parse(line)));
    for (const { remove } of actions) if (remove !== undefined) live.delete(remove.path);
    for (const { add, commitInfo } of actions) {
      if (commitInfo !== undefined) {
        operation = commitInfo.operation;
        changed = changedBy(commitInfo.operationMetrics ?? {});
      }
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
    commits.push({ operation, changed, bytesWritten });
  }
  const files = [...live.values()];
  return {
    commits,
    rows: files.reduce((sum, { rows, deleted }) => sum + rows - deleted, 0),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: files.length,
  };
}

/**
 * Bytes written per byte changed, over the newest merges of tables: an engine that only appends has 1. A changed row counts with
 * the mean bytes of its table's rows.
 * @param merges of each table, from the newest; left out: all of them
 */
export function rewriteFigure(whose: string, tables: readonly string[], merges = Infinity): Figure {
  let written = 0;
  let changedRows = 0;
  let changedBytes = 0;
  for (const table of tables) {
    const { commits, rows, bytes } = readDeltaFiles(table);
    const all = commits.filter(({ operation }) => operation === 'MERGE');
    for (const { bytesWritten, changed } of all.slice(-Math.min(merges, all.length || 1))) {
      written += bytesWritten;
      changedRows += changed;
      changedBytes += rows === 0 ? 0 : changed * (bytes / rows);
    }
  }
  return {
    what: `${whose}: bytes written per byte changed`,
    value: changedBytes === 0 ? 0 : written / changedBytes,
    unit: 'times',
    how: `${readable(written / 1024 ** 2)} MB for ${readable(changedRows)} changes of ${readable(changedBytes / Math.max(1, changedRows))} bytes`,
  };
}

/** The tables that lie in a folder, one each. */
export function tablesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((table) => existsSync(join(table, '_delta_log')));
}

/** Spark writes these counts as texts, delta-rs as numbers under names of its own. */
function changedBy(metrics: Readonly<Record<string, unknown>>): number {
  const names = ['Inserted', 'Updated', 'Deleted'].flatMap((kind) => [
    `numTargetRows${kind}`,
    `num_target_rows_${kind.toLowerCase()}`,
  ]);
  return names.reduce((sum, name) => sum + Number(metrics[name] ?? 0), 0);
}

function logFiles(table: string): string[] {
  const log = join(table, '_delta_log');
  if (!existsSync(log)) return [];
  return readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .map((name) => join(log, name));
}
