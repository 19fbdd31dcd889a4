import { caseSaved } from './announcements.js';
import { applyUpdate, newCase, resetCase, type CaseState } from './case-model.js';
import { loadCases, loadTransactions, saveCases, saveTransactions, type FormTouch } from './case-store.js';
import { caseUpdatesOf, type CaseUpdate } from './case-xml.js';
import type { HqContext } from './context.js';
import { groupByShard, inTransaction } from './databases.js';
import { factsOf, loadForms, loadXmls } from './form-store.js';
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
  const touches = await loadTransactions(ctx, caseIds);
  const forms = await readForms(ctx, [...touches.values()].flat());
  const states = caseIds.map((caseId) => {
    const state = known.get(caseId) ?? newCase(domain, caseId, ctx.clock.next());
    replay(ctx, state, touches.get(caseId) ?? [], forms);
    state.row.server_modified_on = ctx.clock.next();
    if (state.row.modified_on === '') state.row.modified_on = state.row.server_modified_on;
    return state;
  });
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

/** What a form does to its cases. */
interface ReplayedForm {
  readonly userId: string | null;
  readonly updates: readonly CaseUpdate[];
}

/** The forms that count, each read once however many cases it touched. */
async function readForms(ctx: HqContext, touches: readonly FormTouch[]): Promise<Map<string, ReplayedForm>> {
  const rows = await loadForms(ctx, [...new Set(touches.map(({ form_id }) => form_id))]);
  const counting = [...rows.values()].filter(
    (form) => form.state === FORM_STATE.normal && form.deleted_on === null,
  );
  const texts = await loadXmls(
    ctx,
    counting.map((form) => form.form_id),
  );
  const read = new Map<string, ReplayedForm>();
  for (const [id, xml] of texts) {
    const root = parseXml(xml);
    read.set(id, { userId: factsOf(root).userId, updates: caseUpdatesOf(root) });
  }
  return read;
}

function replay(
  ctx: HqContext,
  state: CaseState,
  touches: readonly FormTouch[],
  forms: ReadonlyMap<string, ReplayedForm>,
): void {
  const { type, name, owner_id, case_id } = state.row;
  resetCase(state, ctx.clock.next());
  let applied = 0;
  for (const { form_id, server_date } of touches) {
    const form = forms.get(form_id);
    if (form === undefined) continue;
    for (const update of form.updates) {
      if (update.caseId === case_id) applyUpdate(state, update, form.userId, server_date);
    }
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
