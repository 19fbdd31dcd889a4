import type { Storage } from '../storage/storage.js';
import { asRecord, fileName, lastCheckpoint, readCommit, stringsOf } from './delta-log.js';

/** A table's Delta log as people read it: its newest commits, and how large the table is. */
export interface TableCommit {
  readonly version: bigint;
  /** ISO 8601 in UTC; null: the commit does not say. */
  readonly at: string | null;
  readonly operation: string;
  /** Batch or computation of ours that made it; null: another engine. */
  readonly batch: string | null;
  readonly aggregation: string | null;
  /** OPTIMIZE or VACUUM of ours. */
  readonly maintenance: string | null;
  readonly metrics: Readonly<Record<string, string>>;
}

export interface TableSize {
  readonly files: number;
  readonly bytes: bigint;
}

/** The newest commits first; an absent table has none. @throws LakeError STORAGE_FAILED, DELTA_LOG_UNREADABLE */
export async function newestCommits(storage: Storage, path: string, limit: number): Promise<TableCommit[]> {
  const names = await logNames(storage, path, BigInt(limit));
  const versions = names.filter((name) => name.endsWith('.json')).map((name) => BigInt(name.slice(0, 20)));
  const newest = versions.toReversed().slice(0, limit);
  return Promise.all(newest.map((version) => readOne(storage, path, version)));
}

/** By the newest checksum file; null when Delta wrote none. @throws LakeError STORAGE_FAILED */
export async function tableSize(storage: Storage, path: string): Promise<TableSize | null> {
  const names = await logNames(storage, path, 10n);
  const newest = names.filter((name) => name.endsWith('.crc')).at(-1);
  if (newest === undefined) return null;
  const bytes = await storage.read(`${path}/_delta_log/${newest}`);
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes);
  const number = (key: string): string | undefined =>
    new RegExp(`"${key}"\\s*:\\s*(\\d{1,18})\\b`).exec(text)?.[1];
  const [files, size] = [number('numFiles'), number('tableSizeBytes')];
  return files === undefined || size === undefined ? null : { files: Number(files), bytes: BigInt(size) };
}

/** Names of commits and checksums from the last checkpoint on, and so many versions before it. */
async function logNames(storage: Storage, path: string, before: bigint): Promise<string[]> {
  const checkpoint = await lastCheckpoint(storage, path);
  const from = checkpoint > before ? checkpoint - before : 0n;
  const objects = await storage.list(`${path}/_delta_log`, fileName(from));
  return objects.map((object) => object.name).filter((name) => /^\d{20}\.(json|crc)$/.test(name));
}

async function readOne(storage: Storage, path: string, version: bigint): Promise<TableCommit> {
  const actions = await readCommit(storage, path, version);
  const info = asRecord(actions.map((action) => action['commitInfo']).find((each) => each !== undefined));
  const ours = metadataOf(info['userMetadata']);
  const at = info['timestamp'];
  return {
    version,
    at: typeof at === 'number' ? new Date(at).toISOString() : null,
    operation: typeof info['operation'] === 'string' ? info['operation'] : 'unknown',
    batch: idOf(ours['batch']),
    aggregation: idOf(ours['aggregation']),
    maintenance: idOf(ours['maintenance']),
    metrics: stringsOf(asRecord(info['operationMetrics'])),
  };
}

function metadataOf(text: unknown): Record<string, unknown> {
  try {
    return typeof text === 'string' ? asRecord(JSON.parse(text)) : {};
  } catch {
    return {};
  }
}

function idOf(value: unknown): string | null {
  return typeof value === 'string' && /^[1-9]\d{0,18}$/.test(value) ? value : null;
}
