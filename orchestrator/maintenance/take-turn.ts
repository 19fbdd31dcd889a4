import { setTimeout as sleep } from 'node:timers/promises';
import { LakeError } from '../errors.js';
import { aggregationLease } from '../ledger/aggregation-runs.js';
import { withLeases, type Lease } from '../ledger/leases.js';
import { hasWaitingLane, isComputing } from '../ledger/maintenance.js';
import type { MaintenanceContext } from './context.js';
import { whyHeld } from './due.js';
import { settleLeft } from './run-statement.js';
import type { MaintainedTable } from './tables.js';

const LOOK_EVERY_MS = 250;

/**
 * Takes the table's turn: its lease, as merges take it. A merge that waits goes first, but not for ever: on a table that is
 * always merged into, maintenance takes its turn between two merges after a while.
 * @param months of an aggregation's table: those that are written
 * @returns undefined when there was no room, or it was paused meanwhile
 */
export async function withTurn<T>(
  context: MaintenanceContext,
  table: MaintainedTable,
  months: readonly (string | null)[],
  signal: AbortSignal,
  act: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { database, owner, patience } = context;
  const own = `maintenance:${table.database}.${table.name}`;
  const names = [own, ...writersOf(table, months)];
  const began = performance.now();
  for (;;) {
    signal.throwIfAborted();
    if ((await whyHeld(context, table)) !== null) return undefined;
    const waited = performance.now() - began;
    if (waited > patience.quietMs || !(await isWantedBy(context, table))) {
      const done = await withLeases(database, names, owner, async (leases, lost) => {
        const lease = leases.find(({ name }) => name === own);
        if (lease === undefined) throw new LakeError('INTERNAL', 'a lease was taken and is not there');
        await settleLeft(context, table);
        return { result: await act(lease, AbortSignal.any([signal, lost])) };
      });
      if (done !== undefined) return done.result;
    }
    if (waited > patience.mostMs) return undefined;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Leases under which others write the table. */
function writersOf(table: MaintainedTable, months: readonly (string | null)[]): string[] {
  if (table.lakeTable !== null) return [`table:${table.lakeTable.id}`];
  return months.map((month) => aggregationLease({ domain: table.domain, model: table.name, month }));
}

async function isWantedBy({ database }: MaintenanceContext, table: MaintainedTable): Promise<boolean> {
  return table.lakeTable === null
    ? isComputing(database, table.domain, table.name)
    : hasWaitingLane(database, table.lakeTable.id);
}
