import { caseSaved } from './announcements.js';
import { applyUpdate, newCase, resetCase, type CaseState } from './case-model.js';
import { loadCases, loadTransactions, saveCases, saveTransactions } from './case-store.js';
import { caseUpdatesOf } from './case-xml.js';
import type { HqContext } from './context.js';
import { groupByShard, inTransaction } from './databases.js';
import { factsOf, loadForms, loadXml } from './form-store.js';
import { FORM_STATE, type TransactionRow } from './rows.js';
import { parseXml } from './xml-tree.js';

export interface Rebuild {
  /** The bit of the transaction that HQ leaves on the case. */
  readonly type: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Rebuilds cases from the forms that still count (state normal, not deleted, transaction not revoked), writes and
 * publishes them. A case that no form is left of becomes deleted, without deleted_on, and keeps its type, because
 * HQ announces it with its type. A case deleted by hand stays deleted.
 */
export async function rebuildCases(
  ctx: HqContext,
  domain: string,
  caseIds: readonly string[],
  rebuild: Rebuild,
): Promise<void> {
  const known = await loadCases(ctx, caseIds);
  const states: CaseState[] = [];
  for (const caseId of caseIds) {
    const state = known.get(caseId) ?? newCase(domain, caseId, ctx.clock.next());
    await replay(ctx, state);
    state.row.server_modified_on = ctx.clock.next();
    if (state.row.modified_on === '') state.row.modified_on = state.row.server_modified_on;
    states.push(state);
  }
  for (const [shard, group] of groupByShard(ctx.databases, states, (state) => state.row.case_id)) {
    await inTransaction(ctx.databases.pool(shard), async (client) => {
      await saveCases(client, group);
      await saveTransactions(
        client,
        group.map((state) => transactionOf(state, rebuild)),
      );
    });
  }
  await ctx.feed.send(
    'case-sql',
    states.map((state) => caseSaved(state.row)),
  );
}

async function replay(ctx: HqContext, state: CaseState): Promise<void> {
  const { type, name, owner_id, case_id } = state.row;
  const transactions = await loadTransactions(ctx, case_id);
  const forms = await loadForms(
    ctx,
    transactions.map((transaction) => transaction.form_id),
  );
  resetCase(state, ctx.clock.next());
  let applied = 0;
  for (const { form_id, server_date } of transactions) {
    const form = forms.get(form_id);
    if (form?.state !== FORM_STATE.normal || form.deleted_on !== null) continue;
    const root = parseXml(await loadXml(ctx, form_id));
    const updates = caseUpdatesOf(root).filter((update) => update.caseId === case_id);
    for (const update of updates) applyUpdate(state, update, factsOf(root).userId, server_date);
    applied += 1;
  }
  if (applied === 0) Object.assign(state.row, { type, name, owner_id });
  state.row.deleted = applied === 0 || state.row.deleted_on !== null;
}

function transactionOf(state: CaseState, rebuild: Rebuild): TransactionRow {
  return {
    case_id: state.row.case_id,
    form_id: null,
    sync_log_id: null,
    server_date: state.row.server_modified_on,
    client_date: null,
    type: rebuild.type,
    revoked: false,
    details: JSON.stringify(rebuild.details),
  };
}
