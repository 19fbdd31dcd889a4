import { compareRows, type Difference } from './compare-rows.js';
import { readSetting } from './read-setting.js';
import { readWorld, type Variables } from './read-stores.js';
import { TRUE_TABLES } from './tables.js';
import { WarehouseReader } from './warehouse-rows.js';

export interface TableReport {
  readonly table: string;
  /** Null for a table without months. */
  readonly month: string | null;
  /** Rows HQ's truth demands, and rows the warehouse has. */
  readonly expected: number;
  readonly actual: number;
  readonly differences: readonly Difference[];
}

export interface WarehouseReport {
  readonly ok: boolean;
  readonly tables: readonly TableReport[];
  /** Forms of HQ whose XML cannot be read. */
  readonly unreadable: number;
}

/**
 * Works out every table from HQ's own stores and compares it with the warehouse.
 * @param months `YYYY-MM-01`
 * @param variables those of env.sh: HQ_*, LAKE_CONFIG, DASHBOARD_DB_*
 */
export async function checkWarehouse(
  domain: string,
  months: readonly string[],
  variables: Variables,
): Promise<WarehouseReport> {
  const setting = readSetting(variables['LAKE_CONFIG'] ?? '', domain);
  const { world, unreadable } = await readWorld(setting, variables);
  const warehouse = new WarehouseReader(variables);
  const tables: TableReport[] = [];
  try {
    for (const { table, monthly, keysOf, rowsOf } of TRUE_TABLES) {
      for (const month of monthly ? months : [null]) {
        const expected = rowsOf(world, month ?? '');
        const actual = await warehouse.rows(table, domain, month);
        const differences = compareRows(expected, actual, keysOf(setting.levels));
        tables.push({ table, month, expected: expected.length, actual: actual.length, differences });
      }
    }
  } finally {
    await warehouse.close();
  }
  return { ok: tables.every(({ differences }) => differences.length === 0), tables, unreadable };
}
