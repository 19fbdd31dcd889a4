import { printTable } from '../../orchestrator/commands/terminal/print.js';
import { readSetting } from '../truth/read-setting.js';
import type { Row, Value } from '../truth/world.js';
import { WarehouseReader } from '../truth/warehouse-rows.js';

/** Heading and measure of agg_child_care, in the order printed. */
const COLUMNS: readonly (readonly [string, string])[] = [
  ['children', 'children_in_month'],
  ['alive', 'alive_in_month'],
  ['meals for', 'pse_eligible'],
  ['rations for', 'thr_eligible'],
  ['growth for', 'gm_eligible'],
  ['weighed', 'weight_measured_in_month'],
  ['underweight', 'wfa_moderate_in_month'],
  ['severely', 'wfa_severe_in_month'],
  ['25 days of meals', 'pse_25_days'],
  ['25 days of rations', 'thr_25_days'],
];
const LEVEL = 2;

/** The month's numbers by location of the second level, read from the warehouse as a dashboard would. */
export async function printDistricts(
  domain: string,
  month: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const level = readSetting(variables['LAKE_CONFIG'] ?? '', domain).levels[LEVEL - 1] ?? '';
  const warehouse = new WarehouseReader(variables);
  try {
    const ofLevel = (row: Row): boolean => row['location_level'] === LEVEL;
    const places = (await warehouse.rows('flwc_location', domain, null)).filter(ofLevel);
    const names = new Map(places.map((row) => [row[`${level}_id`], String(row[`${level}_name`] ?? '')]));
    const numbers = (await warehouse.rows('agg_child_care', domain, month)).filter(ofLevel);
    const groups = new Map<Value, number[]>();
    for (const row of numbers) {
      const id = row[`${level}_id`] ?? null;
      groups.set(id, addTo(groups.get(id), row));
    }
    const lines = [...groups]
      .map(
        ([id, sums]) => [id === null ? '(no living centre)' : (names.get(id) ?? String(id)), sums] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const all = numbers.reduce<number[] | undefined>(addTo, undefined) ?? [];
    printTable(
      [`${level}, ${month.slice(0, 7)}`, ...COLUMNS.map(([heading]) => heading)],
      [...lines, ['all', all] as const].map(([name, sums]) => [name, ...sums]),
    );
  } finally {
    await warehouse.close();
  }
}

function addTo(sums: readonly number[] | undefined, row: Row): number[] {
  return COLUMNS.map(([, measure], at) => (sums?.[at] ?? 0) + Number(row[measure] ?? 0));
}
