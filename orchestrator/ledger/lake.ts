import { LakeError } from '../errors.js';
import type { LedgerDatabase, Queryable } from './database.js';

/** The uuid of the lake this ledger belongs to; undefined in a new ledger. */
export async function ledgerLakeUuid(database: LedgerDatabase): Promise<string | undefined> {
  const [row] = await database.query<{ uuid: string }>('SELECT uuid::text AS uuid FROM lake');
  return row?.uuid;
}

export async function claimLakeUuid(database: LedgerDatabase, uuid: string): Promise<void> {
  await database.query('INSERT INTO lake (uuid) VALUES ($1)', [uuid]);
}

/** The newest sequence each topic has drawn. */
export async function drawnSequences(database: LedgerDatabase): Promise<ReadonlyMap<string, bigint>> {
  const rows = await database.query<{ name: string; next_sequence: bigint }>(
    'SELECT name, next_sequence FROM topic',
  );
  return new Map(rows.map((row) => [row.name, row.next_sequence - 1n]));
}

/** A configuration as it is kept: everything a batch needs to be staged with just what it was planned with. */
export interface StoredConfig {
  readonly sha256: string;
  readonly text: string;
  /** Texts of the hooks by the path in lake.yaml. */
  readonly hooks: ReadonlyMap<string, string>;
  /** Which key masks by hash had (config/hash-key.ts); null: nothing is hashed. */
  readonly hashKeyCheck: string | null;
}

export interface ConfigVersion extends StoredConfig {
  readonly id: bigint;
}

interface ConfigRow {
  [column: string]: unknown;
  id: bigint;
  sha256: string;
  text: string;
  hooks: Readonly<Record<string, string>>;
  hash_key_check: string | null;
}

const CONFIG_COLUMNS = 'id, sha256, text, hooks, hash_key_check';

export async function activeConfigVersion(database: Queryable): Promise<ConfigVersion | undefined> {
  const [row] = await database.query<ConfigRow>(`SELECT ${CONFIG_COLUMNS} FROM config_version WHERE active`);
  return row === undefined ? undefined : versionOf(row);
}

export async function readConfigVersion(database: Queryable, id: bigint): Promise<ConfigVersion> {
  const [row] = await database.query<ConfigRow>(
    `SELECT ${CONFIG_COLUMNS} FROM config_version WHERE id = $1`,
    [id],
  );
  if (row === undefined) throw new LakeError('INTERNAL', `Configuration version ${id} is not in the ledger`);
  return versionOf(row);
}

function versionOf({ id, sha256, text, hooks, hash_key_check: hashKeyCheck }: ConfigRow): ConfigVersion {
  return { id, sha256, text, hooks: new Map(Object.entries(hooks)), hashKeyCheck };
}

/** Makes this the active configuration; the same again changes nothing. @returns its version */
export async function activateConfig(tx: Queryable, config: StoredConfig): Promise<bigint> {
  await tx.query('LOCK TABLE config_version IN SHARE ROW EXCLUSIVE MODE');
  const active = await activeConfigVersion(tx);
  if (active !== undefined && isSame(active, config)) return active.id;
  await tx.query('UPDATE config_version SET active = false WHERE active');
  const [row] = await tx.query<{ id: bigint }>(
    'INSERT INTO config_version (sha256, text, hooks, hash_key_check) VALUES ($1, $2, $3, $4) RETURNING id',
    [config.sha256, config.text, JSON.stringify(Object.fromEntries(config.hooks)), config.hashKeyCheck],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The configuration version was not inserted');
  return row.id;
}

/** Whether two configurations write the same. */
export function isSame(a: StoredConfig, b: StoredConfig): boolean {
  return a.sha256 === b.sha256 && a.hashKeyCheck === b.hashKeyCheck;
}
