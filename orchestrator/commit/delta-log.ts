import { LakeError } from '../errors.js';
import type { DeltaField } from '../sql/delta-schema.js';
import type { Storage } from '../storage/storage.js';

/**
 * Reads a table's Delta log without Spark: the newest checksum file (`.crc` holds schema and transaction numbers) plus
 * every later commit. The log is the only truth about what is in the lake (design section 4).
 */
export interface TableState {
  readonly version: bigint;
  readonly fields: readonly DeltaField[];
  /** Highest transaction number of our appId; -1 when it has none. */
  readonly txnVersion: bigint;
  /** Size of its files by the newest checksum; commits after that are not counted. */
  readonly bytes: number;
}

export interface CommitFacts {
  readonly version: bigint;
  readonly userMetadata: string | undefined;
  readonly metrics: Readonly<Record<string, string>>;
}

const NO_TXN = -1n;

/** @returns undefined when there is no table yet. @throws LakeError DELTA_LOG_UNREADABLE */
export async function readTableState(
  storage: Storage,
  path: string,
  appId: string,
): Promise<TableState | undefined> {
  let log = await listLog(storage, path, await lastCheckpoint(storage, path));
  let start = await newestChecksum(storage, path, log, appId);
  if (start === undefined && log.from > 0n) {
    log = await listLog(storage, path);
    start = await newestChecksum(storage, path, log, appId);
  }
  const newest = log.commits.at(-1);
  if (newest === undefined) return undefined;
  const state = { fields: [] as readonly DeltaField[], txnVersion: NO_TXN, bytes: 0, known: false };
  if (start !== undefined) Object.assign(state, start, { known: true });
  const from = start === undefined ? 0n : start.version + 1n;
  const later = log.commits.filter((version) => version >= from);
  if (later.length > 0 && (later[0] !== from || later.at(-1) !== from + BigInt(later.length) - 1n)) {
    throw unreadable(path, `commits ${from} to ${newest} are not all there`);
  }
  for (const version of later) {
    for (const action of await readCommit(storage, path, version)) {
      const fields = schemaOf(action['metaData']);
      if (fields !== undefined) Object.assign(state, { fields, known: true });
      const txn = txnOf(action['txn'], appId);
      if (txn !== undefined && txn > state.txnVersion) state.txnVersion = txn;
    }
  }
  if (!state.known) throw unreadable(path, 'no checksum file and no schema in the commits');
  const { fields, txnVersion, bytes } = state;
  return { version: newest, fields, txnVersion, bytes };
}

/**
 * The commit that carries a transaction number, searched from the newest back.
 * @returns undefined when no commit in reach carries it
 */
export async function findCommit(
  storage: Storage,
  path: string,
  appId: string,
  txnVersion: bigint,
): Promise<CommitFacts | undefined> {
  for await (const version of newestFirst(storage, path)) {
    const actions = await readCommit(storage, path, version);
    const txn = actions.map((action) => txnOf(action['txn'], appId)).find((each) => each !== undefined);
    if (txn !== undefined && txn < txnVersion) return undefined;
    if (txn !== txnVersion) continue;
    const info = asRecord(actions.map((action) => action['commitInfo']).find((each) => each !== undefined));
    const metadata = info['userMetadata'];
    return {
      version,
      userMetadata: typeof metadata === 'string' ? metadata : undefined,
      metrics: stringsOf(asRecord(info['operationMetrics'])),
    };
  }
  return undefined;
}

interface LogListing {
  /** Nothing older was asked for. */
  readonly from: bigint;
  readonly commits: readonly bigint[];
  readonly checksums: readonly bigint[];
}

async function listLog(storage: Storage, path: string, from = 0n): Promise<LogListing> {
  // Every name of a version continues it with a dot, so the bare number comes right before all of them.
  const names = (await storage.list(`${path}/_delta_log`, fileName(from))).map((object) => object.name);
  const versions = (ending: string): bigint[] =>
    names
      .filter((name) => /^\d{20}\./.test(name) && name.slice(20) === ending)
      .map((name) => BigInt(name.slice(0, 20)));
  return { from, commits: versions('.json'), checksums: versions('.crc') };
}

/** Versions that have a commit in the log, behind one (null: all of them), first to last. */
export async function commitsBehind(
  storage: Storage,
  path: string,
  behind: bigint | null,
): Promise<bigint[]> {
  const after = behind === null ? undefined : fileName(behind + 1n);
  const names = (await storage.list(`${path}/_delta_log`, after)).map((object) => object.name);
  return names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => BigInt(name.slice(0, 20)));
}

/** Commits from the newest back; those before the last checkpoint are listed only when it comes to them. */
async function* newestFirst(storage: Storage, path: string): AsyncGenerator<bigint> {
  const recent = await listLog(storage, path, await lastCheckpoint(storage, path));
  yield* recent.commits.toReversed();
  if (recent.from === 0n) return;
  const { commits } = await listLog(storage, path);
  yield* commits.filter((version) => version < recent.from).toReversed();
}

/**
 * Where Delta says its last checkpoint is: a log keeps its commits for weeks, and of tens of thousands of names only
 * the last few matter. It is a hint: without it, or where it does not lead to a checksum, the whole log is listed.
 */
export async function lastCheckpoint(storage: Storage, path: string): Promise<bigint> {
  const bytes = await storage.read(`${path}/_delta_log/_last_checkpoint`);
  if (bytes === undefined) return 0n;
  const version = /"version"\s*:\s*(\d{1,19})\b/.exec(new TextDecoder().decode(bytes))?.[1];
  return version === undefined ? 0n : BigInt(version);
}

async function newestChecksum(
  storage: Storage,
  path: string,
  log: LogListing,
  appId: string,
): Promise<TableState | undefined> {
  for (const version of log.checksums.toReversed()) {
    const bytes = await storage.read(`${path}/_delta_log/${fileName(version)}.crc`);
    if (bytes === undefined) continue;
    const checksum = asRecord(parse(path, new TextDecoder().decode(bytes)));
    const fields = schemaOf(checksum['metadata']);
    const txns = checksum['setTransactions'];
    // A checksum without transaction numbers (another engine wrote it) proves nothing: look further back.
    if (fields === undefined || !Array.isArray(txns)) continue;
    const own = txns.map((txn) => txnOf(txn, appId)).find((txn) => txn !== undefined);
    const size = Number(checksum['tableSizeBytes'] ?? 0);
    return { version, fields, txnVersion: own ?? NO_TXN, bytes: size };
  }
  return undefined;
}

export async function readCommit(
  storage: Storage,
  path: string,
  version: bigint,
): Promise<Record<string, unknown>[]> {
  const bytes = await storage.read(`${path}/_delta_log/${fileName(version)}.json`);
  if (bytes === undefined) throw unreadable(path, `commit ${version} vanished while it was read`);
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => asRecord(parse(path, line)));
}

export function fileName(version: bigint): string {
  return version.toString().padStart(20, '0');
}

function schemaOf(metadata: unknown): readonly DeltaField[] | undefined {
  const text = asRecord(metadata)['schemaString'];
  if (typeof text !== 'string') return undefined;
  const fields = asRecord(JSON.parse(text))['fields'];
  return Array.isArray(fields) ? (fields as DeltaField[]) : undefined;
}

function txnOf(value: unknown, appId: string): bigint | undefined {
  const txn = asRecord(value);
  return txn['appId'] === appId && typeof txn['version'] === 'bigint' ? txn['version'] : undefined;
}

/** Transaction numbers pass 2^53: every whole `version` is read as bigint from the text itself. */
function parse(path: string, text: string): unknown {
  try {
    const exact = text.replace(/("version"\s*:\s*)(\d+)/g, '$1"int:$2"');
    return JSON.parse(exact, (key, value: unknown) =>
      key === 'version' && typeof value === 'string' && value.startsWith('int:')
        ? BigInt(value.slice(4))
        : value,
    );
  } catch (cause) {
    throw unreadable(path, 'a log file is not JSON', cause);
  }
}

export function stringsOf(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)]));
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function unreadable(path: string, why: string, cause?: unknown): LakeError {
  return new LakeError('DELTA_LOG_UNREADABLE', `The Delta log of ${path} can't be read: ${why}`, {
    facts: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
