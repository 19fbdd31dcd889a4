import { randomUUID } from 'node:crypto';
import { caseDeleted, caseSaved, formDeleted, formSaved, locationSaved } from './announcements.js';
import { loadCaseRows, loadCases } from './case-store.js';
import type { Change } from './change-feed.js';
import type { HqContext } from './context.js';
import { groupByShard, inTransaction, type Sql } from './databases.js';
import { loadForms } from './form-store.js';
import type { LocationRow } from './rows.js';

const FORMS = 'form_processor_xforminstancesql';
const CASES = 'form_processor_commcarecasesql';

/** Soft delete: deleted_on is set, the message names no xmlns. Cases are left alone, as in HQ. */
export async function deleteForms(ctx: HqContext, domain: string, formIds: readonly string[]): Promise<void> {
  const now = ctx.clock.next();
  await onEachShard(ctx, formIds, (sql, ids) =>
    sql.query(
      `UPDATE ${FORMS} SET deleted_on = $3, deletion_id = $4, server_modified_on = $3
       WHERE domain = $1 AND form_id = ANY($2::varchar[])`,
      [domain, ids, now, deletionId()],
    ),
  );
  await ctx.feed.send(
    'form-sql',
    formIds.map((id) => formDeleted(id, domain)),
  );
}

/** Brings soft-deleted forms back; announced as ordinary saves. */
export async function undeleteForms(
  ctx: HqContext,
  domain: string,
  formIds: readonly string[],
): Promise<void> {
  const now = ctx.clock.next();
  await onEachShard(ctx, formIds, (sql, ids) =>
    sql.query(
      `UPDATE ${FORMS} SET deleted_on = NULL, deletion_id = NULL, server_modified_on = $3, problem = $4
       WHERE domain = $1 AND form_id = ANY($2::varchar[])`,
      [domain, ids, now, `Restored on ${now}`],
    ),
  );
  const forms = await loadForms(ctx, formIds);
  await ctx.feed.send('form-sql', [...forms.values()].map(formSaved));
}

/** Soft delete: deleted and deleted_on are set, the message names no case type. */
export async function deleteCases(ctx: HqContext, domain: string, caseIds: readonly string[]): Promise<void> {
  const now = ctx.clock.next();
  await onEachShard(ctx, caseIds, (sql, ids) =>
    sql.query(
      `UPDATE ${CASES} SET deleted = true, deleted_on = $3, deletion_id = $4, server_modified_on = $3
       WHERE domain = $1 AND case_id = ANY($2::varchar[])`,
      [domain, ids, now, deletionId()],
    ),
  );
  await ctx.feed.send(
    'case-sql',
    caseIds.map((id) => caseDeleted(id, domain)),
  );
}

export async function undeleteCases(
  ctx: HqContext,
  domain: string,
  caseIds: readonly string[],
): Promise<void> {
  const now = ctx.clock.next();
  await onEachShard(ctx, caseIds, (sql, ids) =>
    sql.query(
      `UPDATE ${CASES} SET deleted = false, deleted_on = NULL, deletion_id = NULL, server_modified_on = $3
       WHERE domain = $1 AND case_id = ANY($2::varchar[])`,
      [domain, ids, now],
    ),
  );
  const cases = await loadCases(ctx, caseIds);
  await ctx.feed.send(
    'case-sql',
    [...cases.values()].map((state) => caseSaved(state.row)),
  );
}

/** Removes forms for good: rows and blobs go, a tombstone stays, nothing is announced. */
export async function purgeForms(ctx: HqContext, domain: string, formIds: readonly string[]): Promise<void> {
  const keys: string[] = [];
  await onEachShard(ctx, formIds, async (sql, ids) => {
    const gone = await sql.query<{ key: string }>(
      `WITH gone AS (DELETE FROM blobs_blobmeta WHERE parent_id = ANY($1::varchar[]) RETURNING *)
       INSERT INTO blobs_deletedblobmeta (id, domain, parent_id, name, key, type_code, created_on, deleted_on)
       SELECT id, domain, parent_id, name, key, type_code, created_on, $2::timestamptz FROM gone RETURNING key`,
      [ids, ctx.clock.next()],
    );
    keys.push(...gone.rows.map((row) => row.key));
    await sql.query('DELETE FROM form_processor_xformoperationsql WHERE form_id = ANY($1::varchar[])', [ids]);
    await sql.query(`DELETE FROM ${FORMS} WHERE form_id = ANY($1::varchar[])`, [ids]);
  });
  for (const key of keys) await ctx.blobs.delete(key);
  await leaveTombstones(ctx, domain, formIds, 'form_processor.XFormInstance');
}

/** Removes cases for good, with their indices and transactions; a tombstone stays, nothing is announced. */
export async function purgeCases(ctx: HqContext, domain: string, caseIds: readonly string[]): Promise<void> {
  await onEachShard(ctx, caseIds, async (sql, ids) => {
    await sql.query('DELETE FROM form_processor_commcarecaseindexsql WHERE case_id = ANY($1::varchar[])', [
      ids,
    ]);
    await sql.query('DELETE FROM form_processor_casetransaction WHERE case_id = ANY($1::varchar[])', [ids]);
    await sql.query('DELETE FROM form_processor_caseattachmentsql WHERE case_id = ANY($1::varchar[])', [ids]);
    await sql.query(`DELETE FROM ${CASES} WHERE case_id = ANY($1::varchar[])`, [ids]);
  });
  await leaveTombstones(ctx, domain, caseIds, 'form_processor.CommCareCase');
}

/**
 * A mobile worker is deleted: HQ soft-deletes all forms she sent and all cases she owns (her usercase among them), so
 * bursts of deletes without subtype follow.
 */
export async function deleteUser(ctx: HqContext, domain: string, userId: string): Promise<void> {
  const forms: string[] = [];
  const cases: string[] = [];
  for (const pool of ctx.databases.shards) {
    const sent = await pool.query<{ id: string }>(
      `SELECT form_id AS id FROM ${FORMS} WHERE domain = $1 AND user_id = $2 AND deleted_on IS NULL`,
      [domain, userId],
    );
    const owned = await pool.query<{ id: string }>(
      `SELECT case_id AS id FROM ${CASES} WHERE domain = $1 AND owner_id = $2 AND NOT deleted`,
      [domain, userId],
    );
    forms.push(...sent.rows.map((row) => row.id));
    cases.push(...owned.rows.map((row) => row.id));
  }
  await ctx.couch?.retire(userId);
  await deleteForms(ctx, domain, forms);
  await deleteCases(ctx, domain, cases);
}

/** Announces saves of documents that HQ no longer holds, as republishing a list of old ids does. */
export async function republishGone(
  ctx: HqContext,
  topic: 'form-sql' | 'case-sql',
  domain: string,
  ids: readonly string[],
): Promise<void> {
  const document_type = topic === 'form-sql' ? 'XFormInstance' : 'CommCareCase';
  await ctx.feed.send(
    topic,
    ids.map((document_id) => ({
      document_id,
      data_source_name: topic,
      document_type,
      document_subtype: null,
      domain,
      is_deletion: false,
    })),
  );
}

/**
 * Sends saves again for ids of any kind, with is_deletion false even where the document is deleted.
 * @param again `attempts` above 0: as HQ retries what its own consumers failed on, the first publication kept
 */
export async function republish(
  ctx: HqContext,
  ids: readonly string[],
  again: { readonly attempts?: number } = {},
): Promise<void> {
  const first = ctx.clock.next();
  const resent = (change: Change): Change =>
    again.attempts === undefined
      ? change
      : { ...change, attempts: again.attempts, original_publication_datetime: first };
  const forms = await loadForms(ctx, ids);
  const cases = await loadCaseRows(ctx, ids);
  const { rows: locations } = await ctx.databases.main.query<LocationRow>(
    'SELECT * FROM locations_sqllocation WHERE location_id = ANY($1::varchar[])',
    [ids],
  );
  await ctx.feed.send(
    'form-sql',
    [...forms.values()].map((form) => resent(formSaved({ ...form, deleted_on: null }))),
  );
  await ctx.feed.send(
    'case-sql',
    cases.map((row) => resent(caseSaved({ ...row, deleted: false }))),
  );
  await ctx.feed.send(
    'location',
    locations.map((location) => resent(locationSaved(location))),
  );
}

async function onEachShard(
  ctx: HqContext,
  ids: readonly string[],
  act: (sql: Sql, ids: string[]) => Promise<unknown>,
): Promise<void> {
  for (const [shard, group] of groupByShard(ctx.databases, ids, (id) => id)) {
    await inTransaction(ctx.databases.pool(shard), (client) => act(client, group));
  }
}

async function leaveTombstones(
  ctx: HqContext,
  domain: string,
  ids: readonly string[],
  classPath: string,
): Promise<void> {
  await ctx.databases.main.query(
    `INSERT INTO cleanup_deletedsqldoc (doc_id, object_class_path, domain, deleted_on)
     SELECT id, $2, $3, $4::timestamptz FROM unnest($1::varchar[]) AS id
     ON CONFLICT (doc_id, object_class_path) DO UPDATE SET deleted_on = excluded.deleted_on, domain = excluded.domain`,
    [ids, classPath, domain, ctx.clock.next()],
  );
}

function deletionId(): string {
  return randomUUID().replaceAll('-', '');
}
