import { formSaved } from './announcements.js';
import { loadForm } from './form-store.js';
import type { Hq } from './hq.js';

/** What HQ made of a form: how it was saved, and the cases it touched. */
export interface FormAccount {
  readonly formId: string;
  /** XFormInstance, XFormDuplicate, XFormError … */
  readonly savedAs: string | null;
  readonly problem: string | null;
  readonly xmlns: string | null;
  readonly cases: readonly { readonly id: string; readonly type: string }[];
}

export async function describeForm(hq: Hq, formId: string): Promise<FormAccount> {
  const form = await loadForm(hq.context, formId);
  const cases: { id: string; type: string }[] = [];
  for (const pool of hq.context.databases.shards) {
    const { rows } = await pool.query<{ id: string; type: string }>(
      `SELECT c.case_id AS id, c.type FROM form_processor_casetransaction t
       JOIN form_processor_commcarecasesql c ON c.case_id = t.case_id WHERE t.form_id = $1 ORDER BY c.case_id`,
      [formId],
    );
    cases.push(...rows);
  }
  const { problem, xmlns } = form;
  return { formId, savedAs: formSaved(form).document_type, problem, xmlns, cases };
}
