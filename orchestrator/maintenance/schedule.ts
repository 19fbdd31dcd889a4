import { ledgerNow } from '../ledger/aggregation-months.js';
import { withLeases } from '../ledger/leases.js';
import { repeat } from '../queue/repeat.js';
import type { MaintenanceContext } from './context.js';
import { maintain, settleAllLeft } from './run-maintenance.js';
import { maintainedTables } from './tables.js';
import { isOpen, windowOf } from './window.js';

/** A look reads the end of each table's log … */
const LOOK_MS = 600_000;
/** … and this often all commits since the last VACUUM. */
const VACUUM_LOOK_MS = 12 * 3_600_000;
const NEXT_LEADER_MS = 10_000;

/**
 * Looks after the lake's tables in the hours of the window, until the signal aborts. Of all processes one does, by a ledger
 * lease; what is due is told by the tables themselves, so another goes on where it was.
 */
export async function runMaintenance(
  context: MaintenanceContext,
  signal: AbortSignal,
  everyMs = LOOK_MS,
): Promise<void> {
  const { database, owner, logger } = context;
  let vacuumLook = -Infinity;
  const lead = (leading: AbortSignal): Promise<void> =>
    repeat(
      'maintenance',
      everyMs,
      async () => {
        const vacuums = performance.now() - vacuumLook >= VACUUM_LOOK_MS;
        if ((await lookOnce(context, vacuums, leading)) && vacuums) vacuumLook = performance.now();
        return false;
      },
      logger,
      leading,
    );
  await repeat(
    'maintenance',
    Math.min(everyMs, NEXT_LEADER_MS),
    async () => {
      await withLeases(database, ['maintenance'], owner, async (_leases, lost) => {
        await lead(AbortSignal.any([signal, lost]));
      });
      return false;
    },
    logger,
    signal,
  );
}

/**
 * One look at every table. Outside of the window nothing is begun; what a dead process has left is settled all the same.
 * @returns whether all tables were looked at
 */
async function lookOnce(
  context: MaintenanceContext,
  vacuums: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  await settleAllLeft(context);
  const { MAINTENANCE_WINDOW, MAINTENANCE_TIME_ZONE } = context.environment;
  if (MAINTENANCE_WINDOW === 'never') return false;
  const window = windowOf(MAINTENANCE_WINDOW, MAINTENANCE_TIME_ZONE);
  const begin = await ledgerNow(context.database);
  const began = performance.now();
  // The ledger's clock, carried on by this process's: a statement takes minutes, a day's hours are coarse.
  const goOn = (): boolean => isOpen(window, new Date(begin.getTime() + performance.now() - began));
  if (!goOn()) return false;
  const asked = { by: 'schedule', isNow: false, vacuums };
  const tables = await maintainedTables(context);
  return (await maintain(context, tables, { asked, goOn }, signal)).length === tables.length;
}
