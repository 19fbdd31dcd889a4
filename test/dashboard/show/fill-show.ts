import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModels } from '../../../orchestrator/aggregation/models/load-models.js';
import type { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { fillMonths } from './fill-months.js';

const LAKE_YAML = `domains:
  nutrition-demo:
    location_levels: [state, district, project, supervisor, flwc]
    locations: true
    time_zone: Asia/Kolkata
    cases: {child_care: {}, member: {}}
    forms:
      'http://openrosa.org/formdesigner/33EBE6E1': {name: service_enrollment}
      'http://openrosa.org/formdesigner/9A41CE0F': {name: child_weight_height}
      'http://openrosa.org/formdesigner/5B2C7D11': {name: child_thr}
      'http://openrosa.org/formdesigner/C0FFEE42': {name: supplementary_nutrition}
    aggregations:
      schedule: {day: 2, hour: 3, time_zone: Asia/Kolkata}
  maternal-health:
    cases: {pregnancy: {}}
    forms: {'http://openrosa.org/formdesigner/77AA01BC': {name: antenatal_visit}}
`;

/** What of the shown lake tests and pictures go to. */
export const SHOWN = {
  domain: 'nutrition-demo',
  database: 'commcarehq_nutrition_demo',
  haltedTable: 'raw_child_weight_height_form',
  /** The batch that halted it. */
  haltedSequence: 151,
} as const;

/**
 * Fills an empty ledger with a lake that works and fails as lakes do, by SQL alone.
 * @returns the id of the batch that halted a table
 */
export async function fillShow(database: LedgerDatabase): Promise<string> {
  await database.query("INSERT INTO lake (uuid) VALUES ('6f1c1c1e-6d0b-4e0e-9a55-3f3f3f3f3f3f')");
  await database.transaction((tx) =>
    activateConfig(tx, { sha256: 'sha', text: LAKE_YAML, hooks: new Map(), hashKeyCheck: null }),
  );
  const sql = readFileSync(join(PACKAGE_ROOT, 'test', 'dashboard', 'show', 'lake.sql'), 'utf8');
  for (const statement of sql.split(/;\s*\n/)) if (statement.trim() !== '') await database.query(statement);
  await fillMonths(database, loadModels().all, SHOWN.domain);
  const [halted] = await database.query<{ id: string }>(
    `SELECT id::text AS id FROM batch WHERE topic = 'form-sql' AND sequence = ${SHOWN.haltedSequence}`,
  );
  if (halted === undefined) throw new Error('the shown lake has no halted batch');
  return halted.id;
}

/** More tables than fit a screen, for the list that must stay smooth. */
export async function addTables(database: LedgerDatabase, many: number): Promise<void> {
  await database.query(
    `INSERT INTO lake_table (domain, kind, type, database_name, table_name, path, shape, names)
     SELECT 'many', 'case', 'type' || n, 'commcarehq_many', 'raw_type_' || lpad(n::text, 4, '0') || '_case',
            'commcare/many/case-sql/type' || n, '{}', '{}'
     FROM generate_series(1, $1::int) AS n`,
    [many],
  );
}
