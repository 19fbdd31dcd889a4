import { readTableFiles } from '../commit/live-files.js';
import type { Queryable } from '../ledger/database.js';
import { lastMaintenance, type LastMaintenance } from '../ledger/maintenance.js';
import type { Storage } from '../storage/storage.js';
import { duePartitions, type DuePartition } from './rule.js';

/** What was last done to a table, and what would pay now. */
export interface TableLook {
  readonly optimized: LastMaintenance | null;
  readonly vacuumed: LastMaintenance | null;
  /** Null: the Delta log can't be read now. */
  readonly due: readonly DuePartition[] | null;
}

/** Reads the end of the table's log; asks Spark nothing. */
export async function lookAtTable(
  database: Queryable,
  table: { readonly database: string; readonly name: string },
  place: { readonly storage: Storage; readonly path: string } | null,
): Promise<TableLook> {
  const [optimized, vacuumed, files] = await Promise.all([
    lastMaintenance(database, table, 'optimize'),
    lastMaintenance(database, table, 'vacuum'),
    place === null ? null : readTableFiles(place.storage, place.path).catch(() => null),
  ]);
  return {
    optimized: optimized ?? null,
    vacuumed: vacuumed ?? null,
    due: files === null ? null : duePartitions(files?.files ?? []),
  };
}
