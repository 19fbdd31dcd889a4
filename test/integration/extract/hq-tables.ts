/** HQ's tables as its migrations make them, as far as extraction reads them; the comments name HQ's apps. */
export const READER = 'hq_reader';

/** form_processor and blobs: in every shard. */
export const SHARD_DDL = `
  CREATE TABLE form_processor_xforminstancesql (
    id serial PRIMARY KEY, form_id varchar(255) UNIQUE NOT NULL, domain varchar(255) NOT NULL, app_id varchar(255),
    xmlns varchar(255), user_id varchar(255), orig_id varchar(255), deprecated_form_id varchar(255),
    server_modified_on timestamptz, received_on timestamptz NOT NULL, edited_on timestamptz, deleted_on timestamptz,
    deletion_id varchar(255), auth_context text NOT NULL DEFAULT '{}', openrosa_headers text NOT NULL DEFAULT '{}',
    partial_submission boolean NOT NULL DEFAULT false, submit_ip varchar(255), last_sync_token varchar(255),
    problem text, date_header timestamptz, build_id varchar(255), state smallint NOT NULL DEFAULT 1,
    initial_processing_complete boolean NOT NULL DEFAULT true, time_end timestamptz, time_start timestamptz,
    commcare_version varchar(8), app_version integer);
  CREATE TABLE form_processor_xformoperationsql (
    id serial PRIMARY KEY, form_id varchar(255) NOT NULL, user_id varchar(255), operation varchar(255) NOT NULL,
    date timestamptz NOT NULL);
  CREATE TABLE form_processor_commcarecasesql (
    id serial PRIMARY KEY, case_id varchar(255) UNIQUE NOT NULL, domain varchar(255) NOT NULL,
    type varchar(255) NOT NULL, name varchar(255), owner_id varchar(255) NOT NULL DEFAULT '', opened_on timestamptz,
    opened_by varchar(255), modified_on timestamptz NOT NULL, server_modified_on timestamptz NOT NULL,
    modified_by varchar(255) NOT NULL DEFAULT '', closed boolean NOT NULL DEFAULT false, closed_on timestamptz,
    closed_by varchar(255), deleted boolean NOT NULL DEFAULT false, deleted_on timestamptz, deletion_id varchar(255),
    external_id varchar(255), location_id varchar(255), case_json text NOT NULL DEFAULT '{}');
  CREATE TABLE form_processor_commcarecaseindexsql (
    id serial PRIMARY KEY, case_id varchar(255) NOT NULL, domain varchar(255) NOT NULL,
    identifier varchar(255) NOT NULL, referenced_id varchar(255) NOT NULL, referenced_type varchar(255) NOT NULL,
    relationship_id smallint NOT NULL, UNIQUE (case_id, identifier));
  CREATE TABLE blobs_blobmeta (
    id serial PRIMARY KEY, domain varchar(255) NOT NULL, parent_id varchar(255) NOT NULL, name varchar(255) NOT NULL,
    key varchar(255) UNIQUE NOT NULL, type_code smallint NOT NULL, content_length bigint NOT NULL,
    compressed_length bigint, content_type varchar(255), properties text, created_on timestamptz NOT NULL DEFAULT now(),
    expires_on timestamptz);
  CREATE INDEX ON blobs_blobmeta (parent_id, type_code, name);`;

/** locations and cleanup: in the main database. */
export const MAIN_DDL = `
  CREATE TABLE locations_locationtype (
    id serial PRIMARY KEY, domain varchar(255) NOT NULL, name varchar(255) NOT NULL, code varchar(50),
    parent_type_id integer, last_modified timestamptz NOT NULL);
  CREATE TABLE locations_sqllocation (
    id serial PRIMARY KEY, domain varchar(255) NOT NULL, name varchar(255), location_id varchar(100) UNIQUE NOT NULL,
    location_type_id integer NOT NULL REFERENCES locations_locationtype, site_code varchar(255) NOT NULL,
    external_id varchar(255), metadata text NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL,
    last_modified timestamptz NOT NULL, is_archived boolean NOT NULL DEFAULT false, archived_on timestamptz,
    latitude numeric(20,10), longitude numeric(20,10), parent_id integer REFERENCES locations_sqllocation,
    UNIQUE (domain, site_code));
  CREATE TABLE cleanup_deletedsqldoc (
    id serial PRIMARY KEY, doc_id varchar(126) NOT NULL, object_class_path varchar(255) NOT NULL,
    domain varchar(255) NOT NULL, deleted_on timestamptz NOT NULL, deleted_by varchar(126));`;

/** What an operator grants us: reading, nothing else. */
export const GRANTS = `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${READER};`;
