import { LakeError } from '../errors.js';
import type { Storage } from '../storage/storage.js';
import { readColumns, type Cell } from './checkpoint/parquet.js';
import { asRecord, fileName, lastCheckpoint, readCommit } from './delta-log.js';

/** A data file of a table's newest version. */
export interface LiveFile {
  readonly path: string;
  /** By partition column; no entries: the table has no partitions. */
  readonly partition: Readonly<Record<string, string | null>>;
  readonly bytes: number;
  /** Rows written, the deleted ones too; null: the log does not say. */
  readonly rows: number | null;
  /** Of them, those that a deletion vector marks as deleted. */
  readonly deletedRows: number;
}

export interface TableFiles {
  readonly version: bigint;
  readonly files: readonly LiveFile[];
}

const CHECKPOINT = /^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet$/;
const MAP = 'add.partitionValues.key_value';
const COLUMNS = [
  'add.path',
  'add.size',
  'add.stats',
  'add.deletionVector.cardinality',
  `${MAP}.key`,
  `${MAP}.value`,
];

/**
 * Which files a table has now, by its Delta log alone: the newest checkpoint and every commit after it. Costs no Spark, and
 * as many reads as there were commits since the checkpoint (ten at most, as Delta writes them).
 * @returns undefined when there is no table
 * @throws LakeError DELTA_LOG_UNREADABLE, STORAGE_FAILED
 */
export async function readTableFiles(storage: Storage, path: string): Promise<TableFiles | undefined> {
  const hint = await lastCheckpoint(storage, path);
  let log = await listLog(storage, path, hint);
  // The hint is one: where it leads to no checkpoint, the whole log is listed.
  if (log.checkpoint === undefined && hint > 0n) log = await listLog(storage, path, 0n);
  const newest = log.commits.at(-1) ?? log.checkpoint?.version;
  if (newest === undefined) return undefined;
  const files = new Map<string, LiveFile>();
  for (const name of log.checkpoint?.names ?? []) await readCheckpoint(storage, path, name, files);
  const from = log.checkpoint === undefined ? 0n : log.checkpoint.version + 1n;
  for (let version = from; version <= newest; version++) {
    // Delta's own order within a commit says nothing: a file that gets a deletion vector is removed and added.
    const actions = await readCommit(storage, path, version);
    for (const action of actions) {
      const removed = asRecord(action['remove'])['path'];
      if (typeof removed === 'string') files.delete(removed);
    }
    for (const action of actions) {
      const added = liveFile(asRecord(action['add']));
      if (added !== undefined) files.set(added.path, added);
    }
  }
  return { version: newest, files: [...files.values()] };
}

interface Listing {
  readonly commits: readonly bigint[];
  /** The newest one that is there with all its parts. */
  readonly checkpoint: { readonly version: bigint; readonly names: readonly string[] } | undefined;
}

async function listLog(storage: Storage, path: string, from: bigint): Promise<Listing> {
  const names = (await storage.list(`${path}/_delta_log`, fileName(from))).map((object) => object.name);
  const commits = names
    .filter((name) => /^\d{20}\.json$/.test(name))
    .map((name) => BigInt(name.slice(0, 20)));
  const parts = new Map<string, { version: bigint; total: number; names: string[] }>();
  for (const name of names) {
    const [, version, , total = '1'] = CHECKPOINT.exec(name) ?? [];
    if (version === undefined) continue;
    const set = parts.get(`${version}/${total}`) ?? {
      version: BigInt(version),
      total: Number(total),
      names: [],
    };
    set.names.push(name);
    parts.set(`${version}/${total}`, set);
  }
  const whole = [...parts.values()].filter((set) => set.names.length === set.total);
  return { commits, checkpoint: whole.sort((a, b) => Number(a.version - b.version)).at(-1) };
}

async function readCheckpoint(
  storage: Storage,
  path: string,
  name: string,
  files: Map<string, LiveFile>,
): Promise<void> {
  const bytes = await storage.read(`${path}/_delta_log/${name}`);
  if (bytes === undefined) throw unreadable(path, `${name} vanished while it was read`);
  try {
    const columns = readColumns(bytes, COLUMNS);
    const cell = (column: string, row: number): Cell => columns.get(column)?.[row]?.[0] ?? null;
    for (const [row, [filePath]] of (columns.get('add.path') ?? []).entries()) {
      if (typeof filePath !== 'string') continue;
      const keys = columns.get(`${MAP}.key`)?.[row] ?? [];
      const values = columns.get(`${MAP}.value`)?.[row] ?? [];
      const partition = keys.flatMap((key, at): [string, Cell][] =>
        typeof key === 'string' ? [[key, values[at] ?? null]] : [],
      );
      const added = liveFile({
        path: filePath,
        size: Number(cell('add.size', row) ?? 0),
        stats: cell('add.stats', row),
        partitionValues: Object.fromEntries(partition),
        deletionVector: { cardinality: Number(cell('add.deletionVector.cardinality', row) ?? 0) },
      });
      if (added !== undefined) files.set(added.path, added);
    }
  } catch (cause) {
    if (cause instanceof RangeError) throw unreadable(path, `${name}: ${cause.message}`, cause);
    throw cause;
  }
}

/** An `add` action; undefined for what is none. */
function liveFile(add: Record<string, unknown>): LiveFile | undefined {
  const { path, size, stats } = add;
  if (typeof path !== 'string') return undefined;
  const rows = /"numRecords"\s*:\s*(\d{1,15})\b/.exec(typeof stats === 'string' ? stats : '')?.[1];
  const partition = Object.entries(asRecord(add['partitionValues'])).map(
    ([column, value]) => [column, typeof value === 'string' ? value : null] as const,
  );
  return {
    path,
    partition: Object.fromEntries(partition),
    bytes: Number(size ?? 0),
    rows: rows === undefined ? null : Number(rows),
    deletedRows: Number(asRecord(add['deletionVector'])['cardinality'] ?? 0),
  };
}

function unreadable(path: string, why: string, cause?: unknown): LakeError {
  return new LakeError('DELTA_LOG_UNREADABLE', `The Delta log of ${path} can't be read: ${why}`, {
    facts: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
