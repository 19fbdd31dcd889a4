import type pg from 'pg';
import type { JsonObject } from '../../orchestrator/types.js';
import type { CaseState } from './case-model.js';
import type { HqContext } from './context.js';
import { groupByShard, insertRows } from './databases.js';
import type { CaseRow, IndexRow, TransactionRow } from './rows.js';

const CASE_COLUMNS = `case_id, domain, type, name, owner_id, opened_on, opened_by, modified_on, server_modified_on,
  modified_by, closed, closed_on, closed_by, deleted, deleted_on, deletion_id, external_id, location_id, case_json`;
const INDEX_COLUMNS = 'case_id, domain, identifier, referenced_id, referenced_type, relationship_id';

/** The cases there are among these ids, each with its indices. */
export async function loadCases(ctx: HqContext, ids: Iterable<string>): Promise<Map<string, CaseState>> {
  const cases = new Map<string, CaseState>();
  for (const row of await loadCaseRows(ctx, ids)) {
    cases.set(row.case_id, { row, properties: JSON.parse(row.case_json) as JsonObject, indices: new Map() });
  }
  for (const [shard, group] of groupByShard(ctx.databases, cases.keys(), (id) => id)) {
    const { rows } = await ctx.databases
      .pool(shard)
      .query<IndexRow>(
        `SELECT ${INDEX_COLUMNS} FROM form_processor_commcarecaseindexsql WHERE case_id = ANY($1::varchar[])`,
        [group],
      );
    for (const index of rows) cases.get(index.case_id)?.indices.set(index.identifier, index);
  }
  return cases;
}

/** The rows alone, whatever their case_json holds. */
export async function loadCaseRows(ctx: HqContext, ids: Iterable<string>): Promise<CaseRow[]> {
  const found: CaseRow[] = [];
  for (const [shard, group] of groupByShard(ctx.databases, new Set(ids), (id) => id)) {
    const { rows } = await ctx.databases
      .pool(shard)
      .query<CaseRow>(
        `SELECT ${CASE_COLUMNS} FROM form_processor_commcarecasesql WHERE case_id = ANY($1::varchar[])`,
        [group],
      );
    found.push(...rows);
  }
  return found;
}

/** Writes cases of one shard as they now are: row replaced, indices made equal to the case's. */
export async function saveCases(client: pg.PoolClient, cases: readonly CaseState[]): Promise<void> {
  if (cases.length === 0) return;
  const indices = cases.flatMap((one) => [...one.indices.values()]);
  await insertRows(
    client,
    'form_processor_commcarecasesql',
    cases.map((one) => one.row),
    ['case_id'],
  );
  await client.query(
    `DELETE FROM form_processor_commcarecaseindexsql i WHERE i.case_id = ANY($1::varchar[]) AND NOT EXISTS (
       SELECT 1 FROM unnest($2::varchar[], $3::varchar[]) AS kept(case_id, identifier)
       WHERE kept.case_id = i.case_id AND kept.identifier = i.identifier)`,
    [
      cases.map((one) => one.row.case_id),
      indices.map((one) => one.case_id),
      indices.map((one) => one.identifier),
    ],
  );
  await insertRows(client, 'form_processor_commcarecaseindexsql', indices, ['case_id', 'identifier']);
}

/** A form's second transaction of the same type on a case replaces the first (an edit does that). */
export async function saveTransactions(
  client: pg.PoolClient,
  rows: readonly TransactionRow[],
): Promise<void> {
  await insertRows(client, 'form_processor_casetransaction', rows, ['case_id', 'form_id', 'type']);
}

/** A form that touched a case, and when HQ received it. */
export interface FormTouch {
  readonly form_id: string;
  readonly server_date: string;
}

/** Each case's form transactions that still count, oldest first. */
export async function loadTransactions(
  ctx: HqContext,
  caseIds: readonly string[],
): Promise<Map<string, FormTouch[]>> {
  const found = new Map<string, FormTouch[]>(caseIds.map((id) => [id, []]));
  for (const [shard, group] of groupByShard(ctx.databases, caseIds, (id) => id)) {
    const { rows } = await ctx.databases.pool(shard).query<FormTouch & { case_id: string }>(
      `SELECT case_id, form_id, server_date FROM form_processor_casetransaction
       WHERE case_id = ANY($1::varchar[]) AND form_id IS NOT NULL AND NOT revoked AND type & 1 = 1
       ORDER BY server_date, id`,
      [group],
    );
    for (const { case_id, ...touch } of rows) found.get(case_id)?.push(touch);
  }
  return found;
}

/** The forms that still count in a case, oldest first. */
export async function formsOfCase(ctx: HqContext, caseId: string): Promise<string[]> {
  return ((await loadTransactions(ctx, [caseId])).get(caseId) ?? []).map(({ form_id }) => form_id);
}
