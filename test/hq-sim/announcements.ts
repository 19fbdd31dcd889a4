import type { Change } from './change-feed.js';
import { FORM_STATE, type CaseRow, type FormRow, type LocationRow } from './rows.js';

/** What HQ says on Kafka about a saved or deleted document (the reference page, section 1). */
const FORM_DOC_TYPE: Readonly<Record<number, string>> = {
  [FORM_STATE.normal]: 'XFormInstance',
  [FORM_STATE.archived]: 'XFormArchived',
  [FORM_STATE.deprecated]: 'XFormDeprecated',
  [FORM_STATE.duplicate]: 'XFormDuplicate',
  [FORM_STATE.error]: 'XFormError',
  [FORM_STATE.submissionError]: 'SubmissionErrorLog',
};

export function formSaved(
  form: Pick<FormRow, 'form_id' | 'domain' | 'xmlns' | 'state' | 'deleted_on'>,
): Change {
  const deleted = form.deleted_on !== null;
  return {
    document_id: form.form_id,
    data_source_name: 'form-sql',
    document_type: deleted ? 'XFormInstance-Deleted' : (FORM_DOC_TYPE[form.state] ?? 'XFormInstance'),
    document_subtype: form.xmlns,
    domain: form.domain,
    is_deletion: deleted,
  };
}

/** An explicit delete names no xmlns. */
export function formDeleted(formId: string, domain: string): Change {
  return {
    document_id: formId,
    data_source_name: 'form-sql',
    document_type: 'XFormInstance-Deleted',
    document_subtype: null,
    domain,
    is_deletion: true,
  };
}

export function caseSaved(
  row: Pick<CaseRow, 'case_id' | 'domain' | 'type' | 'deleted'>,
  formId: string | null = null,
): Change {
  return {
    document_id: row.case_id,
    data_source_name: 'case-sql',
    document_type: 'CommCareCase',
    document_subtype: row.type,
    domain: row.domain,
    is_deletion: row.deleted,
    associated_document_id: formId,
  };
}

/** An explicit delete names no case type. */
export function caseDeleted(caseId: string, domain: string): Change {
  return {
    document_id: caseId,
    data_source_name: 'case-sql',
    document_type: 'CommCareCase-Deleted',
    document_subtype: null,
    domain,
    is_deletion: true,
  };
}

export function locationSaved(row: Pick<LocationRow, 'location_id' | 'domain'>, isDeletion = false): Change {
  return {
    document_id: row.location_id,
    data_source_name: 'location',
    document_type: 'Location',
    document_subtype: null,
    domain: row.domain,
    is_deletion: isDeletion,
  };
}
