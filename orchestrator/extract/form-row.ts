import type { FieldValue } from '../types.js';
import type { IdRow } from './shards.js';
import { utc } from './sql-text.js';

/** form_processor_xforminstancesql with its newest form.xml blob; `rev` and `received_on` are ISO UTC text. */
export interface FormRow extends IdRow {
  readonly domain: string;
  readonly xmlns: string | null;
  readonly user_id: string | null;
  readonly received_on: string;
  readonly state: number;
  readonly deleted: boolean;
  readonly blob_key: string | null;
  readonly compressed: boolean;
  readonly [field: string]: FieldValue;
}

/** HQ's columns as they go into `fields`; those that need no mending are named in COPIED. */
const COPIED = [
  'domain',
  'app_id',
  'build_id',
  'xmlns',
  'user_id',
  'orig_id',
  'deprecated_form_id',
  'partial_submission',
  'submit_ip',
  'last_sync_token',
  'problem',
  'state',
  'initial_processing_complete',
] as const;
const TIMESTAMPS = ['server_modified_on', 'received_on', 'edited_on', 'date_header'] as const;
const JSON_TEXTS = ['auth_context', 'openrosa_headers'] as const;

/** $1: form ids. */
export const FORM_SQL = `
  SELECT f.form_id AS id,
    ${utc('coalesce(f.server_modified_on, f.edited_on, f.received_on)')} AS rev,
    f.deleted_on IS NOT NULL AS deleted,
    ${COPIED.map((column) => `f.${column}`).join(', ')},
    ${TIMESTAMPS.map((column) => `${utc(`f.${column}`)} AS ${column}`).join(', ')},
    ${JSON_TEXTS.map((column) => `f.${column}::text AS ${column}`).join(', ')},
    b.key AS blob_key, b.compressed_length IS NOT NULL AS compressed
  FROM form_processor_xforminstancesql f
  LEFT JOIN LATERAL (
    SELECT m.key, m.compressed_length FROM blobs_blobmeta m
    WHERE m.parent_id = f.form_id AND m.type_code = 2 AND m.name = 'form.xml' ORDER BY m.id DESC LIMIT 1) b ON true
  WHERE f.form_id = ANY($1::varchar[])`;

/** State 1 is XFormInstance; every other state, and a deletion whatever the state, is no form of the lake. */
export function isLiveForm(row: FormRow): boolean {
  return row.state === 1 && !row.deleted;
}

/** HQ's own fields of a form (shape/fixed-columns.ts), without its location columns. */
export function formFields(row: FormRow): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = { doc_type: 'XFormInstance' };
  for (const name of [...COPIED, ...TIMESTAMPS, ...JSON_TEXTS]) fields[name] = row[name] ?? null;
  return fields;
}
