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

export interface ConfigVersion {
  readonly id: bigint;
  readonly sha256: string;
  readonly text: string;
}

export async function activeConfigVersion(database: LedgerDatabase): Promise<ConfigVersion | undefined> {
  const [row] = await database.query<{ id: bigint; sha256: string; text: string }>(
    'SELECT id, sha256, text FROM config_version WHERE active',
  );
  return row;
}

export async function readConfigVersion(database: LedgerDatabase, id: bigint): Promise<ConfigVersion> {
  const [row] = await database.query<{ id: bigint; sha256: string; text: string }>(
    'SELECT id, sha256, text FROM config_version WHERE id = $1',
    [id],
  );
  if (row === undefined) throw new LakeError('INTERNAL', `Configuration version ${id} is not in the ledger`);
  return row;
}

/** Makes this text the active configuration; the same text again changes nothing. @returns its version */
export async function activateConfig(tx: Queryable, sha256: string, text: string): Promise<bigint> {
  await tx.query('LOCK TABLE config_version IN SHARE ROW EXCLUSIVE MODE');
  const [active] = await tx.query<{ id: bigint; sha256: string }>(
    'SELECT id, sha256 FROM config_version WHERE active',
  );
  if (active?.sha256 === sha256) return active.id;
  await tx.query('UPDATE config_version SET active = false WHERE active');
  const [row] = await tx.query<{ id: bigint }>(
    'INSERT INTO config_version (sha256, text) VALUES ($1, $2) RETURNING id',
    [sha256, text],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The configuration version was not inserted');
  return row.id;
}
