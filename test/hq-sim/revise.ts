import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { LakeError } from '../../orchestrator/errors.js';
import { formSaved } from './announcements.js';
import { TRANSACTION } from './case-model.js';
import { saveTransactions } from './case-store.js';
import { caseUpdatesOf } from './case-xml.js';
import type { HqContext } from './context.js';
import { groupByShard, inTransaction, insertRows } from './databases.js';
import { loadForm, loadXml, newFormRow, recordOperation, storeXml } from './form-store.js';
import { rebuildCases } from './rebuild.js';
import { FORM_STATE, type BlobMetaRow, type FormRow } from './rows.js';
import { applyForm, readForm, type ReadForm, type Submission } from './read-form.js';
import { parseXml } from './xml-tree.js';

const SYSTEM_USER = 'system';

/**
 * A new XML for a form that is there (same instanceID). The old version moves, with its blob and its history, to a
 * fresh id in the same database as XFormDeprecated and is not announced; the cases of both versions are rebuilt.
 * @throws LakeError USAGE when the form is unknown or the new XML is faulty
 */
export async function editForm(ctx: HqContext, submission: Submission): Promise<void> {
  const form = readForm(submission, ctx.clock.next());
  if ('problem' in form) throw new LakeError('USAGE', `The edited form is faulty: ${form.problem}`);
  const old = await loadForm(ctx, form.formId);
  const oldCaseIds = caseUpdatesOf(parseXml(await loadXml(ctx, form.formId))).map((update) => update.caseId);
  const now = ctx.clock.next();
  const oldId = freshIdBeside(ctx, form.formId);
  const row: FormRow = {
    ...newFormRow({
      ...submission,
      formId: form.formId,
      receivedOn: old.received_on,
      now,
      xmlns: form.facts.xmlns,
      userId: submission.userId ?? form.facts.userId,
    }),
    deprecated_form_id: oldId,
    edited_on: now,
  };
  const meta = await storeXml(ctx, row, submission.xml, { compress: submission.compress ?? true });
  await replaceForm(ctx, row, meta, oldId);
  const newCaseIds = await replaceTransactions(ctx, form, row);
  await ctx.feed.send('form-sql', [formSaved(row)], submission.publish);
  await rebuildCases(ctx, submission.domain, [...new Set([...newCaseIds, ...oldCaseIds])], {
    type: TRANSACTION.rebuildEdit,
    details: { deprecated_form_id: oldId },
  });
}

/** Takes the form out (its cases are rebuilt without it). As in HQ, server_modified_on stays what it was. */
export async function archiveForm(
  ctx: HqContext,
  formId: string,
  userId: string | null = SYSTEM_USER,
): Promise<void> {
  await setArchived(ctx, formId, userId, true);
}

export async function unarchiveForm(
  ctx: HqContext,
  formId: string,
  userId: string | null = SYSTEM_USER,
): Promise<void> {
  await setArchived(ctx, formId, userId, false);
}

/** Rewrites the XML in place under the same blob key, as HQ's GDPR scrub does; cases stay as they are. */
export async function scrubForm(ctx: HqContext, formId: string, xml: string): Promise<void> {
  const form = await loadForm(ctx, formId);
  const pool = ctx.databases.pool(ctx.databases.shardOf(formId));
  const raw = Buffer.from(xml, 'utf8');
  const stored = gzipSync(raw);
  const { rows } = await pool.query<{ key: string }>(
    `UPDATE blobs_blobmeta SET content_length = $2, compressed_length = $3
     WHERE parent_id = $1 AND type_code = 2 AND name = 'form.xml' RETURNING key`,
    [formId, raw.length, stored.length],
  );
  for (const { key } of rows) await ctx.blobs.put(key, stored);
  const now = ctx.clock.next();
  await recordOperation(pool, formId, 'gdpr_scrub', SYSTEM_USER, now);
  await pool.query('UPDATE form_processor_xforminstancesql SET server_modified_on = $2 WHERE form_id = $1', [
    formId,
    now,
  ]);
  await ctx.feed.send('form-sql', [formSaved(form)]);
}

async function setArchived(
  ctx: HqContext,
  formId: string,
  userId: string | null,
  archive: boolean,
): Promise<void> {
  const form = await loadForm(ctx, formId);
  const state = archive ? FORM_STATE.archived : FORM_STATE.normal;
  await inTransaction(ctx.databases.pool(ctx.databases.shardOf(formId)), async (client) => {
    await client.query('UPDATE form_processor_xforminstancesql SET state = $2 WHERE form_id = $1', [
      formId,
      state,
    ]);
    await recordOperation(client, formId, archive ? 'archive' : 'unarchive', userId, ctx.clock.next());
  });
  const caseIds: string[] = [];
  for (const pool of ctx.databases.shards) {
    const { rows } = await pool.query<{ case_id: string }>(
      'UPDATE form_processor_casetransaction SET revoked = $2 WHERE form_id = $1 RETURNING case_id',
      [formId, archive],
    );
    caseIds.push(...rows.map((row) => row.case_id));
  }
  await ctx.feed.send('form-sql', [formSaved({ ...form, state })]);
  await rebuildCases(ctx, form.domain, [...new Set(caseIds)].sort(), {
    type: TRANSACTION.rebuildArchived,
    details: { form_id: formId, archived: archive },
  });
}

async function replaceForm(ctx: HqContext, row: FormRow, meta: BlobMetaRow, oldId: string): Promise<void> {
  await inTransaction(ctx.databases.pool(ctx.databases.shardOf(row.form_id)), async (client) => {
    await client.query(
      `UPDATE form_processor_xforminstancesql
       SET form_id = $2::varchar, orig_id = $1::varchar, state = $3, edited_on = $4::timestamptz, server_modified_on = $4::timestamptz WHERE form_id = $1::varchar`,
      [row.form_id, oldId, FORM_STATE.deprecated, row.edited_on],
    );
    await client.query('UPDATE form_processor_xformoperationsql SET form_id = $2 WHERE form_id = $1', [
      row.form_id,
      oldId,
    ]);
    await client.query('UPDATE blobs_blobmeta SET parent_id = $2 WHERE parent_id = $1', [row.form_id, oldId]);
    await insertRows(client, 'form_processor_xforminstancesql', [row]);
    await insertRows(client, 'blobs_blobmeta', [meta]);
    await recordOperation(client, row.form_id, 'edit', row.user_id, row.edited_on ?? row.received_on);
  });
}

/** A case that the new version no longer touches loses the form (transaction revoked). @returns the touched cases */
async function replaceTransactions(ctx: HqContext, form: ReadForm, row: FormRow): Promise<string[]> {
  const transactions = applyForm(form, row.received_on, row.domain, new Map(), () => ctx.clock.next());
  const touched = transactions.map((transaction) => transaction.case_id);
  for (const pool of ctx.databases.shards) {
    await pool.query(`UPDATE form_processor_casetransaction SET revoked = true WHERE form_id = $1`, [
      row.form_id,
    ]);
  }
  for (const [shard, group] of groupByShard(
    ctx.databases,
    transactions,
    (transaction) => transaction.case_id,
  )) {
    await inTransaction(ctx.databases.pool(shard), async (client) => {
      await createMissingCases(ctx, client, group, row.domain);
      await saveTransactions(client, group);
    });
  }
  return touched;
}

/** A transaction needs its case's row; the rebuild that follows fills it. */
async function createMissingCases(
  ctx: HqContext,
  client: Parameters<typeof saveTransactions>[0],
  transactions: readonly { case_id: string }[],
  domain: string,
): Promise<void> {
  await client.query(
    `INSERT INTO form_processor_commcarecasesql
       (case_id, domain, type, owner_id, modified_on, server_modified_on, modified_by, closed, deleted, case_json)
     SELECT id, $2::varchar, '', '', $3::timestamptz, $3::timestamptz, '', false, false, '{}'
     FROM unnest($1::varchar[]) AS id ON CONFLICT (case_id) DO NOTHING`,
    [transactions.map(({ case_id }) => case_id), domain, ctx.clock.next()],
  );
}

function freshIdBeside(ctx: HqContext, formId: string): string {
  const shard = ctx.databases.shardOf(formId);
  for (;;) {
    const id = randomUUID();
    if (ctx.databases.shardOf(id) === shard) return id;
  }
}
