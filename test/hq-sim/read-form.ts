import { randomUUID } from 'node:crypto';
import { LakeError } from '../../orchestrator/errors.js';
import { applyUpdate, newCase, type CaseState } from './case-model.js';
import { caseUpdatesOf, type CaseUpdate } from './case-xml.js';
import type { PublishOptions } from './change-feed.js';
import { factsOf, type FormFacts } from './form-store.js';
import type { TransactionRow } from './rows.js';
import { parseXml } from './xml-tree.js';

/** One form as a phone (or HQ itself) posts it. */
export interface Submission {
  readonly xml: string;
  readonly domain: string;
  /** Default: now by HQ's clock. */
  readonly receivedOn?: string;
  /** Default: the meta block's userID. */
  readonly userId?: string;
  readonly appId?: string;
  readonly buildId?: string;
  /** false stores the XML raw with a null compressed_length, as HQ once did. */
  readonly compress?: boolean;
  /** Historic keys have slashes; default uuid hex. */
  readonly blobKey?: string;
  readonly publish?: PublishOptions;
}

/** A submission after parsing. */
export interface ReadForm {
  readonly submission: Submission;
  readonly formId: string;
  readonly facts: FormFacts;
  readonly updates: readonly CaseUpdate[];
}

export interface FaultyForm {
  readonly submission: Submission;
  readonly facts: FormFacts | null;
  readonly problem: string;
}

/** Parses a submission and tries its case blocks, so that a faulty form is known before anything is written. */
export function readForm(submission: Submission, now: string): ReadForm | FaultyForm {
  let facts: FormFacts | null = null;
  try {
    const root = parseXml(submission.xml);
    if (root.namespace === '')
      throw new LakeError('RECORD_UNREADABLE', 'Form is missing a required field: XMLNS');
    facts = factsOf(root);
    const updates = caseUpdatesOf(root);
    for (const update of updates) {
      applyUpdate(newCase(submission.domain, update.caseId, now), update, facts.userId, now);
    }
    return { submission, formId: facts.formId ?? randomUUID(), facts, updates };
  } catch (thrown) {
    if (!(thrown instanceof LakeError) || thrown.code !== 'RECORD_UNREADABLE') throw thrown;
    return { submission, facts, problem: thrown.message };
  }
}

/** The transaction rows of one form on the cases of the map, which it changes. */
export function applyForm(
  form: Pick<ReadForm, 'facts' | 'updates'> & { readonly formId: string },
  receivedOn: string,
  domain: string,
  cases: Map<string, CaseState>,
  nextMoment: () => string,
): TransactionRow[] {
  const transactions = new Map<string, TransactionRow>();
  for (const update of form.updates) {
    const now = nextMoment();
    const state = cases.get(update.caseId) ?? newCase(domain, update.caseId, now);
    cases.set(update.caseId, state);
    const { type, clientDate } = applyUpdate(state, update, form.facts.userId, receivedOn);
    state.row.server_modified_on = now;
    const earlier = transactions.get(update.caseId);
    transactions.set(update.caseId, {
      case_id: update.caseId,
      form_id: form.formId,
      sync_log_id: null,
      server_date: receivedOn,
      client_date: clientDate,
      type: type | (earlier?.type ?? 0),
      revoked: false,
      details: '{}',
    });
  }
  return [...transactions.values()];
}
