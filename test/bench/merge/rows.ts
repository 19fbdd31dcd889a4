import { sql, type Sql } from '../../../orchestrator/sql/text.js';
import type { Extracted } from '../../../orchestrator/types.js';

/** Months over which rows lie, by their number: what changes in a day lies in all of them. */
export const MONTHS = 24;

const WORDS = ['weight', 'height', 'name', 'visited', 'days', 'grade', 'remark', 'village', 'phone'];

/** Properties of the cases, in the order in which tables get their columns. */
export const PROPERTIES: readonly string[] = Array.from(
  { length: 40 },
  (_, index) => `${WORDS[index % WORDS.length] ?? ''}_${index}`,
);

/** The value of a property for the row of this number; `textSql` says the same in SQL. */
function textOf(property: number, row: number): string {
  return `answer ${(row * (31 + property) + property) % (10 + 97 ** (property % 3))} of ${property}`;
}

export function textSql(property: number, row: Sql): Sql {
  const many = 10 + 97 ** (property % 3);
  return sql`concat('answer ', (${row} * ${31 + property} + ${property}) % ${many}, ' of ', ${property})`;
}

/** A case as extraction gives it, its revision no older than that of its row. */
export function caseOf(domain: string, type: string, row: number, properties: number): Extracted {
  const at = '2026-02-03T04:05:06.000000Z';
  const month = new Date(Date.UTC(2024, row % MONTHS, 1)).toISOString().slice(0, 10);
  const names = PROPERTIES.slice(0, properties);
  return {
    op: 'upsert',
    kind: 'case',
    domain,
    id: `row-${row}`,
    type,
    rev: at,
    month,
    fields: {
      ...{ doc_type: 'CommCareCase', domain, type, name: `Case ${row}`, closed: false, closed_on: null },
      ...{ owner_id: `owner-${row % 500}`, user_id: `user-${row % 500}`, modified_by: `user-${row % 500}` },
      ...{ opened_on: `${month}T04:05:06.000000Z`, opened_by: `user-${row % 500}` },
      ...{ modified_on: at, server_modified_on: at, external_id: null, location_id: `place-${row % 500}` },
    },
    indices: [],
    tree: Object.fromEntries(names.map((name, property) => [name, textOf(property, row)])),
  };
}
