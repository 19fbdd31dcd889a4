import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { LakeError } from '../../orchestrator/errors.js';
import { caseSaved, formSaved } from './announcements.js';
import type { CaseState } from './case-model.js';
import { loadCases, saveCases, saveTransactions } from './case-store.js';
import type { Change } from './change-feed.js';
import type { HqContext } from './context.js';
import { groupByShard, inTransaction, insertRows } from './databases.js';
import { BLOBS_AT_ONCE, loadForms, loadXml, newFormRow, storeXml, type FormFacts } from './form-store.js';
import { applyForm, readForm, type FaultyForm, type ReadForm, type Submission } from './read-form.js';
import { editForm } from './revise.js';
import { FORM_STATE, type BlobMetaRow, type FormRow, type TransactionRow } from './rows.js';

export interface SubmitOptions {
  /** `skip` leaves a form whose id is there already alone; by default it is a duplicate or an edit, as in HQ. */
  readonly onExisting?: 'process' | 'skip';
}

/** What one round of forms changes, before it is written. */
interface Round {
  readonly rows: FormRow[];
  readonly metas: BlobMetaRow[];
  readonly transactions: TransactionRow[];
  readonly cases: Map<string, CaseState>;
  readonly formChanges: Change[];
  /** Case ids in the order their messages go out, with the form that touched them. */
  readonly touched: { caseId: string; formId: string }[];
}

/**
 * Takes forms as HQ does: stores each, applies its case blocks, then publishes form and cases. Forms with new ids
 * are done in one round for all (one write per shard); the others one by one, in their order.
 * @returns the form ids under which the submissions are stored
 */
export async function submitForms(
  ctx: HqContext,
  submissions: readonly Submission[],
  { onExisting = 'process' }: SubmitOptions = {},
): Promise<string[]> {
  const forms = submissions.map((submission) => readForm(submission, ctx.clock.next()));
  const known = new Set((await loadForms(ctx, forms.flatMap(idOf))).keys());
  const ids: string[] = [];
  let round: ReadForm[] = [];
  const flush = async (): Promise<void> => {
    if (round.length > 0) await saveRound(ctx, round);
    round = [];
  };
  for (const form of forms) {
    if (!('problem' in form) && !known.has(form.formId)) {
      known.add(form.formId);
      round.push(form);
      ids.push(form.formId);
      continue;
    }
    await flush();
    if ('problem' in form) ids.push(await saveFaulty(ctx, form, known));
    else if (onExisting === 'skip') ids.push(form.formId);
    else ids.push(await saveAgain(ctx, form));
  }
  await flush();
  return ids;
}

async function saveRound(ctx: HqContext, forms: readonly ReadForm[]): Promise<void> {
  const caseIds = forms.flatMap((form) => form.updates.map((update) => update.caseId));
  const round: Round = {
    rows: [],
    metas: [],
    transactions: [],
    cases: await loadCases(ctx, caseIds),
    formChanges: [],
    touched: [],
  };
  for (const form of forms) addForm(ctx, form, round);
  for (let at = 0; at < forms.length; at += BLOBS_AT_ONCE) {
    const part = forms.slice(at, at + BLOBS_AT_ONCE).map(async ({ submission }, index) => {
      const row = round.rows[at + index];
      if (row === undefined) throw new LakeError('INTERNAL', 'A form of the round has no row');
      return await storeXml(ctx, row, submission.xml, blobOptions(submission));
    });
    round.metas.push(...(await Promise.all(part)));
  }
  await writeRound(ctx, round);
  const publish = forms[0]?.submission.publish;
  await ctx.feed.send('form-sql', round.formChanges, publish);
  const caseChanges = round.touched.flatMap(({ caseId, formId }) => {
    const state = round.cases.get(caseId);
    return state === undefined ? [] : [caseSaved(state.row, formId)];
  });
  await ctx.feed.send('case-sql', caseChanges, publish);
}

function addForm(ctx: HqContext, form: ReadForm, round: Round): void {
  const { submission, formId, facts } = form;
  const now = ctx.clock.next();
  const receivedOn = submission.receivedOn ?? now;
  const row = newFormRow({
    ...submission,
    formId,
    receivedOn,
    now,
    xmlns: facts.xmlns,
    userId: submission.userId ?? facts.userId,
  });
  const transactions = applyForm(form, receivedOn, submission.domain, round.cases, () => ctx.clock.next());
  round.rows.push(row);
  round.transactions.push(...transactions);
  round.formChanges.push(formSaved(row));
  round.touched.push(...transactions.map((transaction) => ({ caseId: transaction.case_id, formId })));
}

async function writeRound(ctx: HqContext, round: Round): Promise<void> {
  const { databases } = ctx;
  const rows = groupByShard(databases, round.rows, (row) => row.form_id);
  const metas = groupByShard(databases, round.metas, (meta) => meta.parent_id);
  const cases = groupByShard(databases, round.cases.values(), (state) => state.row.case_id);
  const transactions = groupByShard(databases, round.transactions, (transaction) => transaction.case_id);
  await Promise.all(
    databases.shards.map((pool, shard) =>
      inTransaction(pool, async (client) => {
        await insertRows(client, 'form_processor_xforminstancesql', rows.get(shard) ?? []);
        await insertRows(client, 'blobs_blobmeta', metas.get(shard) ?? []);
        await saveCases(client, cases.get(shard) ?? []);
        await saveTransactions(client, transactions.get(shard) ?? []);
      }),
    ),
  );
}

/** A form id that is there: the same XML is a duplicate under a new id, another XML is an edit. */
async function saveAgain(ctx: HqContext, form: ReadForm): Promise<string> {
  if ((await loadXml(ctx, form.formId)) !== form.submission.xml) {
    await editForm(ctx, form.submission);
    return form.formId;
  }
  const problem = `Form is a duplicate of another! (${form.formId})`;
  return await saveAside(ctx, form.submission, form.facts, FORM_STATE.duplicate, problem, form.formId);
}

async function saveFaulty(ctx: HqContext, form: FaultyForm, known: ReadonlySet<string>): Promise<string> {
  const { facts } = form;
  if (facts === null)
    return await saveAside(ctx, form.submission, null, FORM_STATE.submissionError, form.problem, null);
  const origId = facts.formId !== null && known.has(facts.formId) ? facts.formId : null;
  return await saveAside(ctx, form.submission, facts, FORM_STATE.error, form.problem, origId);
}

/** Saves a form that touches no case: under its own id, or under a new one when `origId` holds that already. */
async function saveAside(
  ctx: HqContext,
  submission: Submission,
  facts: FormFacts | null,
  state: number,
  problem: string,
  origId: string | null,
): Promise<string> {
  const now = ctx.clock.next();
  const ownId = origId === null ? (facts?.formId ?? null) : null;
  const row: FormRow = {
    ...newFormRow({
      ...submission,
      formId: ownId ?? (facts === null ? randomUUID().replaceAll('-', '') : randomUUID()),
      receivedOn: submission.receivedOn ?? now,
      now,
      // HQ announces a submission error with an empty xmlns.
      xmlns: facts?.xmlns ?? '',
      userId: submission.userId ?? facts?.userId ?? null,
    }),
    state,
    problem,
    orig_id: origId,
  };
  const meta = await storeXml(ctx, row, submission.xml, blobOptions(submission));
  await inTransaction(
    ctx.databases.pool(ctx.databases.shardOf(row.form_id)),
    async (client: pg.PoolClient) => {
      await insertRows(client, 'form_processor_xforminstancesql', [row]);
      await insertRows(client, 'blobs_blobmeta', [meta]);
    },
  );
  await ctx.feed.send('form-sql', [formSaved(row)], submission.publish);
  return row.form_id;
}

function idOf(form: ReadForm | FaultyForm): string[] {
  const id = 'problem' in form ? form.facts?.formId : form.formId;
  return id === undefined || id === null ? [] : [id];
}

function blobOptions(submission: Submission): { compress?: boolean; key?: string } {
  return {
    ...(submission.compress === undefined ? {} : { compress: submission.compress }),
    ...(submission.blobKey === undefined ? {} : { key: submission.blobKey }),
  };
}
