import type { JsonValue } from '../types.js';

/** What a change message says: look at this id again (reference/commcare-hq.md section 1). */
export interface Change {
  readonly domain: string;
  readonly id: string;
  readonly publishTimestamp: string | null;
  /** HQ says that it deletes the record. The row decides all the same; of a location it may still be there. */
  readonly isDeletion: boolean;
}

export type ReadChange = { readonly change: Change } | { readonly odd: string };

/**
 * Reads HQ's ChangeMeta. Unknown keys are allowed; the subtype is not looked at, because the row in HQ decides and
 * explicit deletes carry none. A message that names no record is odd: set aside with its offset.
 */
export function readChange(value: Uint8Array | null): ReadChange {
  if (value === null) return { odd: 'the message has no value' };
  let json: JsonValue;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value)) as JsonValue;
  } catch {
    return { odd: 'the message is not JSON in UTF-8' };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { odd: 'the message is no JSON object' };
  const { document_id: id, domain, publish_timestamp: published, is_deletion: deletion } = json;
  if (typeof id !== 'string' || id === '') return { odd: 'the message has no document_id' };
  if (typeof domain !== 'string') return { odd: 'the message has no domain' };
  // Postgres holds no NUL, so HQ has no such record; ours could not look it up either.
  if (`${domain}${id}`.includes('\0')) return { odd: 'the message names a record with a NUL in its id' };
  const publishTimestamp = typeof published === 'string' ? published : null;
  return { change: { domain, id, publishTimestamp, isDeletion: deletion === true } };
}
