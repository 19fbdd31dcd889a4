import { LakeError, type FailureClass } from '../errors.js';
import type { Queryable } from './database.js';
import { iso } from './moment.js';

export type MaintenanceKind = 'optimize' | 'vacuum';

/** Files as the Delta log tells them: of some partitions, or of a whole table. */
export interface FileCounts {
  readonly files: number;
  readonly bytes: number;
  /** Files with a deletion vector. */
  readonly vectors: number;
  readonly deletedRows: number;
}

/** One OPTIMIZE or VACUUM of a table (migrations/0017_maintenance.sql). */
export interface NewMaintenance {
  readonly domain: string;
  readonly database: string;
  readonly table: string;
  /** Null: an aggregation's. */
  readonly tableId: bigint | null;
  readonly kind: MaintenanceKind;
  readonly partitions: readonly string[];
  readonly askedBy: string;
  readonly versionBefore: bigint;
  readonly before: FileCounts;
  readonly keepHours?: number;
  readonly throughVersion?: bigint;
}

/** A row that no process has ended. */
export interface OpenMaintenance {
  readonly id: bigint;
  readonly kind: MaintenanceKind;
  readonly partitions: readonly string[];
  readonly versionBefore: bigint;
}

/** Intent before action: what the statement is going to do stands before Spark hears of it. */
export async function openMaintenance(tx: Queryable, run: NewMaintenance): Promise<bigint> {
  const { before } = run;
  const [row] = await tx.query<{ id: bigint }>(
    `INSERT INTO maintenance_run (domain, database_name, table_name, table_id, kind, partitions, asked_by, version_before,
       files_before, bytes_before, vectors_before, deleted_rows_before, keep_hours, through_version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`,
    [
      ...[run.domain, run.database, run.table, run.tableId, run.kind, run.partitions, run.askedBy],
      ...[run.versionBefore, before.files, before.bytes, before.vectors, before.deletedRows],
      ...[run.keepHours ?? null, run.throughVersion ?? null],
    ],
  );
  if (row === undefined) throw new LakeError('INTERNAL', 'The maintenance run was not inserted');
  return row.id;
}

/** What a statement has done, by the Delta log. */
export interface MaintenanceDone {
  readonly versionAfter: bigint;
  readonly after: FileCounts;
  /** Deleted by VACUUM; null for OPTIMIZE. */
  readonly vacuumed: { readonly files: number; readonly bytes: number } | null;
}

export async function maintenanceDone(database: Queryable, id: bigint, done: MaintenanceDone): Promise<void> {
  const { versionAfter, after, vacuumed } = done;
  await database.query(
    `UPDATE maintenance_run SET state = 'done', ended_at = now(), version_after = $2, files_after = $3, bytes_after = $4,
       vectors_after = $5, deleted_rows_after = $6, files_vacuumed = $7, bytes_vacuumed = $8
     WHERE id = $1 AND state = 'running'`,
    [
      ...[id, versionAfter, after.files, after.bytes, after.vectors, after.deletedRows],
      ...[vacuumed?.files ?? null, vacuumed?.bytes ?? null],
    ],
  );
}

/** @param state `gave_way`: another writer was first */
export async function maintenanceEnded(
  database: Queryable,
  id: bigint,
  state: 'gave_way' | 'failed',
  failureClass: FailureClass,
  failure: string,
): Promise<void> {
  await database.query(
    `UPDATE maintenance_run SET state = $2, ended_at = now(), failure_class = $3, failure = $4
     WHERE id = $1 AND state = 'running'`,
    [id, state, failureClass, failure],
  );
}

/** What a process that died has left open of a table; the caller holds the table's maintenance lease. */
export async function openMaintenanceOf(
  database: Queryable,
  table: { readonly database: string; readonly name: string },
): Promise<OpenMaintenance | undefined> {
  const [row] = await database.query<OpenMaintenance & Record<string, unknown>>(
    `SELECT id, kind, partitions, version_before AS "versionBefore" FROM maintenance_run
     WHERE database_name = $1 AND table_name = $2 AND state = 'running'`,
    [table.database, table.name],
  );
  return row;
}

/** The newest of a kind that has ended, as far as it matters for what is due. */
export interface LastMaintenance {
  readonly id: bigint;
  readonly state: 'done' | 'gave_way' | 'failed';
  readonly endedAt: string;
  readonly secondsAgo: number;
  readonly versionAfter: bigint | null;
  readonly throughVersion: bigint | null;
  readonly partitions: readonly string[];
  readonly failure: string | null;
  readonly filesBefore: number;
  readonly filesAfter: number | null;
  readonly bytesBefore: number;
  readonly bytesAfter: number | null;
  readonly filesVacuumed: number | null;
  readonly bytesVacuumed: number | null;
}

/** @param onlyDone not those that failed or gave way */
export async function lastMaintenance(
  database: Queryable,
  table: { readonly database: string; readonly name: string },
  kind: MaintenanceKind,
  onlyDone = false,
): Promise<LastMaintenance | undefined> {
  const [row] = await database.query<LastMaintenance & Record<string, unknown>>(
    `SELECT id, state, ${iso('ended_at')} AS "endedAt", extract(epoch FROM now() - ended_at)::float8 AS "secondsAgo",
       version_after AS "versionAfter", through_version AS "throughVersion", partitions, failure,
       files_before::float8 AS "filesBefore", files_after::float8 AS "filesAfter",
       bytes_before::float8 AS "bytesBefore", bytes_after::float8 AS "bytesAfter",
       files_vacuumed::float8 AS "filesVacuumed", bytes_vacuumed::float8 AS "bytesVacuumed"
     FROM maintenance_run
     WHERE database_name = $1 AND table_name = $2 AND kind = $3 AND state <> 'running' AND ($4 = false OR state = 'done')
     ORDER BY id DESC LIMIT 1`,
    [table.database, table.name, kind, onlyDone],
  );
  return row;
}

/** Runs of a table that are older than its newest ones: their scripts need not be kept. */
export async function outlivedMaintenance(
  database: Queryable,
  table: { readonly database: string; readonly name: string },
  kept: number,
): Promise<bigint[]> {
  const rows = await database.query<{ id: bigint }>(
    `SELECT id FROM maintenance_run WHERE database_name = $1 AND table_name = $2 AND state <> 'running'
     ORDER BY id DESC OFFSET $3 LIMIT 20`,
    [table.database, table.name, kept],
  );
  return rows.map((row) => row.id);
}

/** Whether a merge into the table waits or goes on: maintenance lets it pass. */
export async function hasWaitingLane(database: Queryable, tableId: bigint): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM runnable_lane r JOIN lane l ON l.id = r.id WHERE l.table_id = $1 LIMIT 1`,
    [tableId],
  );
  return rows.length > 0;
}

/**
 * Hours since the oldest computation was pinned that may still read what it pinned: one that is under way, or a failed one
 * that would go on where it failed. One begun more than 30 days ago reads what the log no longer has. Null: there is none.
 */
export async function oldestPinHours(database: Queryable, domain: string): Promise<number | null> {
  const [row] = await database.query<{ hours: number | null }>(
    `SELECT extract(epoch FROM now() - min(r.created_at))::float8 / 3600 AS hours FROM aggregation_run r
     WHERE r.created_at > now() - interval '30 days' AND r.domain = $1 AND (r.state = 'running' OR (r.state = 'failed' AND r.delta_version IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM aggregation_run n WHERE n.domain = r.domain AND n.model = r.model
         AND n.month IS NOT DISTINCT FROM r.month AND n.id > r.id)))`,
    [domain],
  );
  return row?.hours ?? null;
}

/** Whether a month of an aggregation's table is being computed. */
export async function isComputing(database: Queryable, domain: string, model: string): Promise<boolean> {
  const rows = await database.query(
    "SELECT 1 FROM aggregation_run WHERE domain = $1 AND model = $2 AND state = 'running' LIMIT 1",
    [domain, model],
  );
  return rows.length > 0;
}

/** Tables with a row that no process has ended yet, as `database.table`. */
export async function openMaintenances(database: Queryable): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ name: string }>(
    "SELECT database_name || '.' || table_name AS name FROM maintenance_run WHERE state = 'running'",
  );
  return new Set(rows.map((row) => row.name));
}
