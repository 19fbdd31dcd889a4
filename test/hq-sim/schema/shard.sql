-- Purpose:     the tables of one CommCare HQ shard database (forms, cases, blob metadata)
-- Reads:       nothing
-- Writes:      creates what is missing; safe to run again
-- Partitioned: form tables by form_id, case tables by case_id, blobs_blobmeta by parent_id
-- Ids (`id`) are unique only within a shard, as in HQ; "json" columns are TEXT.

CREATE TABLE IF NOT EXISTS form_processor_xforminstancesql (
  id serial PRIMARY KEY,
  form_id varchar(255) NOT NULL UNIQUE,
  domain varchar(255) NOT NULL,
  app_id varchar(255),
  xmlns varchar(255),
  user_id varchar(255),
  orig_id varchar(255),
  deprecated_form_id varchar(255),
  server_modified_on timestamptz,
  received_on timestamptz NOT NULL,
  edited_on timestamptz,
  deleted_on timestamptz,
  deletion_id varchar(255),
  auth_context text NOT NULL,
  openrosa_headers text NOT NULL,
  partial_submission boolean NOT NULL,
  submit_ip varchar(255),
  last_sync_token varchar(255),
  problem text,
  date_header timestamptz,
  build_id varchar(255),
  state smallint NOT NULL,
  initial_processing_complete boolean NOT NULL,
  time_end timestamptz,
  time_start timestamptz,
  commcare_version varchar(8),
  app_version integer
);
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_server_modified_on
  ON form_processor_xforminstancesql (server_modified_on);
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_received_on
  ON form_processor_xforminstancesql (received_on);
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_deleted_on
  ON form_processor_xforminstancesql (deleted_on) WHERE deleted_on IS NOT NULL;
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_domain_state
  ON form_processor_xforminstancesql (domain, state);
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_domain_user
  ON form_processor_xforminstancesql (domain, user_id);
CREATE INDEX IF NOT EXISTS form_processor_xforminstancesql_xmlns
  ON form_processor_xforminstancesql (xmlns);

CREATE TABLE IF NOT EXISTS form_processor_xformoperationsql (
  id serial PRIMARY KEY,
  form_id varchar(255) NOT NULL
    REFERENCES form_processor_xforminstancesql (form_id) DEFERRABLE INITIALLY DEFERRED,
  user_id varchar(255),
  operation varchar(255) NOT NULL,
  date timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS form_processor_xformoperationsql_form_id ON form_processor_xformoperationsql (form_id);

CREATE TABLE IF NOT EXISTS form_processor_commcarecasesql (
  id serial PRIMARY KEY,
  case_id varchar(255) NOT NULL UNIQUE,
  domain varchar(255) NOT NULL,
  type varchar(255) NOT NULL,
  name varchar(255),
  owner_id varchar(255) NOT NULL,
  opened_on timestamptz,
  opened_by varchar(255),
  modified_on timestamptz NOT NULL,
  server_modified_on timestamptz NOT NULL,
  modified_by varchar(255) NOT NULL,
  closed boolean NOT NULL,
  closed_on timestamptz,
  closed_by varchar(255),
  deleted boolean NOT NULL,
  deleted_on timestamptz,
  deletion_id varchar(255),
  external_id varchar(255),
  location_id varchar(255),
  case_json text NOT NULL
);
CREATE INDEX IF NOT EXISTS form_processor_commcarecasesql_server_modified_on
  ON form_processor_commcarecasesql (server_modified_on);
CREATE INDEX IF NOT EXISTS form_processor_commcarecasesql_owner
  ON form_processor_commcarecasesql (owner_id, server_modified_on);
CREATE INDEX IF NOT EXISTS form_processor_commcarecasesql_domain_type
  ON form_processor_commcarecasesql (domain, type);
CREATE INDEX IF NOT EXISTS form_processor_commcarecasesql_external_id
  ON form_processor_commcarecasesql (domain, external_id, type);

CREATE TABLE IF NOT EXISTS form_processor_commcarecaseindexsql (
  id serial PRIMARY KEY,
  case_id varchar(255) NOT NULL
    REFERENCES form_processor_commcarecasesql (case_id) DEFERRABLE INITIALLY DEFERRED,
  domain varchar(255) NOT NULL,
  identifier varchar(255) NOT NULL,
  referenced_id varchar(255) NOT NULL,
  referenced_type varchar(255) NOT NULL,
  relationship_id smallint NOT NULL,
  UNIQUE (case_id, identifier)
);
CREATE INDEX IF NOT EXISTS form_processor_commcarecaseindexsql_domain_case
  ON form_processor_commcarecaseindexsql (domain, case_id);
CREATE INDEX IF NOT EXISTS form_processor_commcarecaseindexsql_domain_referenced
  ON form_processor_commcarecaseindexsql (domain, referenced_id);

CREATE TABLE IF NOT EXISTS form_processor_casetransaction (
  id serial PRIMARY KEY,
  case_id varchar(255) NOT NULL
    REFERENCES form_processor_commcarecasesql (case_id) DEFERRABLE INITIALLY DEFERRED,
  form_id varchar(255),
  sync_log_id varchar(255),
  server_date timestamptz NOT NULL,
  client_date timestamptz,
  type smallint NOT NULL,
  revoked boolean NOT NULL,
  details text NOT NULL,
  UNIQUE (case_id, form_id, type)
);
CREATE INDEX IF NOT EXISTS form_processor_casetransaction_form_id ON form_processor_casetransaction (form_id);

CREATE TABLE IF NOT EXISTS form_processor_caseattachmentsql (
  id serial PRIMARY KEY,
  case_id varchar(255) NOT NULL
    REFERENCES form_processor_commcarecasesql (case_id) DEFERRABLE INITIALLY DEFERRED,
  attachment_id uuid NOT NULL UNIQUE,
  name varchar(255) NOT NULL,
  content_type varchar(255),
  content_length integer,
  properties text NOT NULL,
  blob_id varchar(255) NOT NULL,
  blob_bucket varchar(255)
);

CREATE TABLE IF NOT EXISTS form_processor_ledgervalue (
  id serial PRIMARY KEY,
  domain varchar(255) NOT NULL,
  case_id varchar(255) NOT NULL,
  entry_id varchar(100) NOT NULL,
  section_id varchar(100) NOT NULL,
  balance integer NOT NULL,
  last_modified timestamptz NOT NULL,
  last_modified_form_id varchar(100),
  daily_consumption numeric(20, 5),
  UNIQUE (case_id, section_id, entry_id)
);

CREATE TABLE IF NOT EXISTS blobs_blobmeta (
  id serial PRIMARY KEY,
  domain varchar(255) NOT NULL,
  parent_id varchar(255) NOT NULL,
  name varchar(255) NOT NULL,
  key varchar(255) NOT NULL UNIQUE,
  type_code smallint NOT NULL,
  content_length bigint NOT NULL,
  compressed_length bigint,
  content_type varchar(255),
  properties text,
  created_on timestamptz NOT NULL,
  expires_on timestamptz
);
CREATE INDEX IF NOT EXISTS blobs_blobmeta_parent ON blobs_blobmeta (parent_id, type_code, name);

CREATE TABLE IF NOT EXISTS blobs_deletedblobmeta (
  id integer PRIMARY KEY,
  domain varchar(255) NOT NULL,
  parent_id varchar(255) NOT NULL,
  name varchar(255) NOT NULL,
  key varchar(255) NOT NULL,
  type_code smallint NOT NULL,
  created_on timestamptz NOT NULL,
  deleted_on timestamptz NOT NULL
);
