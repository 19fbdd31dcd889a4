import { gunzipSync } from 'node:zlib';
import type { RecordKind } from '../types.js';
import { FORM_SQL, type FormRow } from './form-row.js';
import { MAX_XML_BYTES } from './form-json/limits.js';
import type { RawDocument } from './request.js';
import { newestOf, type IdRow } from './shards.js';
import { utc } from './sql-text.js';
import type { Hq } from './stores.js';

interface TextRow extends IdRow {
  readonly text: string | null;
}

const CASE_SQL = `
  SELECT c.case_id AS id, ${utc('c.server_modified_on')} AS rev, c.case_json::text AS text
  FROM form_processor_commcarecasesql c WHERE c.domain = $1 AND c.case_id = $2`;
const LOCATION_SQL = `
  SELECT l.location_id AS id, ${utc('l.last_modified')} AS rev, l.metadata::text AS text
  FROM locations_sqllocation l WHERE l.domain = $1 AND l.location_id = $2`;
const ANY_TIME = { newestPublishTimestamp: null };

/**
 * Reads the document without reading it as a record.
 * @returns undefined when HQ has no such record any more
 * @throws LakeError HQ_READ_FAILED, HQ_STANDBY_BEHIND
 */
export async function rawDocument(
  hq: Hq,
  kind: RecordKind,
  domain: string,
  id: string,
): Promise<RawDocument | undefined> {
  if (kind === 'form') return rawForm(hq, domain, id);
  const values = [domain, id];
  if (kind === 'case') {
    const rows = await hq.shards.readSettled<TextRow>({ text: CASE_SQL, values }, ANY_TIME);
    return fromColumn(newestOf(rows).get(id), 'form_processor_commcarecasesql.case_json');
  }
  const [row] = await hq.main.read<TextRow>({ text: LOCATION_SQL, values });
  return fromColumn(row, 'locations_sqllocation.metadata');
}

function fromColumn(row: TextRow | undefined, where: string): RawDocument | undefined {
  return row === undefined ? undefined : { where, text: row.text, remarks: [] };
}

async function rawForm(hq: Hq, domain: string, id: string): Promise<RawDocument | undefined> {
  const rows = await hq.shards.readSettled<FormRow>({ text: FORM_SQL, values: [[id]] }, ANY_TIME);
  const row = newestOf(rows).get(id);
  if (row?.domain !== domain) return undefined;
  const { blob_key: key } = row;
  if (key === null) return { where: 'blobs_blobmeta', text: null, remarks: ['the form has no form.xml'] };
  const where = `blob ${key}`;
  const blob = await hq.blobs.read(key, MAX_XML_BYTES);
  if (blob === 'missing') return { where, text: null, remarks: ['no blob store has it'] };
  if (blob === 'too large') return { where, text: null, remarks: [`larger than ${MAX_XML_BYTES} bytes`] };
  return { where, ...textOf(blob.bytes, row.compressed) };
}

/** What can be read of the bytes: of damaged gzip, what comes before the damage. */
function textOf(bytes: Uint8Array, compressed: boolean): { text: string; remarks: string[] } {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const decode = (plain: Uint8Array): string => new TextDecoder().decode(plain);
  if (!isGzip)
    return { text: decode(bytes), remarks: compressed ? ['HQ stored it as gzip, which it is not'] : [] };
  const limit = { maxOutputLength: MAX_XML_BYTES };
  try {
    return { text: decode(gunzipSync(bytes, limit)), remarks: [] };
  } catch {
    try {
      // Z_SYNC_FLUSH gives what was inflated before the end was missed.
      const begun = gunzipSync(bytes, { ...limit, finishFlush: 2 });
      return { text: decode(begun), remarks: ['the gzip ends too early; this is what came before'] };
    } catch {
      return { text: '', remarks: ['the gzip is damaged from its beginning on'] };
    }
  }
}
