/** Rows of HQ's tables as written and read here: timestamps are text, JSON columns hold JSON text. */
export interface FormRow {
  form_id: string;
  domain: string;
  app_id: string | null;
  xmlns: string | null;
  user_id: string | null;
  orig_id: string | null;
  deprecated_form_id: string | null;
  server_modified_on: string | null;
  received_on: string;
  edited_on: string | null;
  deleted_on: string | null;
  deletion_id: string | null;
  auth_context: string;
  openrosa_headers: string;
  partial_submission: boolean;
  submit_ip: string | null;
  last_sync_token: string | null;
  problem: string | null;
  date_header: string | null;
  build_id: string | null;
  state: number;
  initial_processing_complete: boolean;
}

export interface CaseRow {
  case_id: string;
  domain: string;
  type: string;
  name: string | null;
  owner_id: string;
  opened_on: string | null;
  opened_by: string | null;
  modified_on: string;
  server_modified_on: string;
  modified_by: string;
  closed: boolean;
  closed_on: string | null;
  closed_by: string | null;
  deleted: boolean;
  deleted_on: string | null;
  deletion_id: string | null;
  external_id: string | null;
  location_id: string | null;
  case_json: string;
}

export interface IndexRow {
  case_id: string;
  domain: string;
  identifier: string;
  referenced_id: string;
  referenced_type: string;
  /** 1 child, 2 extension. */
  relationship_id: number;
}

export interface TransactionRow {
  case_id: string;
  form_id: string | null;
  sync_log_id: string | null;
  server_date: string;
  client_date: string | null;
  type: number;
  revoked: boolean;
  details: string;
}

export interface BlobMetaRow {
  domain: string;
  parent_id: string;
  name: string;
  key: string;
  type_code: number;
  content_length: number;
  compressed_length: number | null;
  content_type: string | null;
  properties: string | null;
  created_on: string;
  expires_on: string | null;
}

export interface LocationTypeRow {
  id: number;
  domain: string;
  name: string;
  code: string;
  parent_type_id: number | null;
}

export interface LocationRow {
  id: number;
  domain: string;
  name: string;
  location_id: string;
  location_type_id: number;
  site_code: string;
  parent_id: number | null;
  is_archived: boolean;
}

/** The states of a form and the document type each is announced as. */
export const FORM_STATE = {
  normal: 1,
  archived: 2,
  deprecated: 4,
  duplicate: 8,
  error: 16,
  submissionError: 32,
} as const;
