import type { Extracted, JsonObject, JsonValue, Upsert } from '../types.js';
import { FORM_SQL, formFields, isLiveForm, type FormRow } from './form-row.js';
import { readFormDocument, type FormDocument } from './form-xml.js';
import type { Hq } from './stores.js';
import { chunked, inOrder } from './in-order.js';
import { BLOBS_AT_ONCE, CHUNKS_AT_ONCE, IDS_PER_QUERY } from './limits.js';
import { monthOf } from './month.js';
import { Places, type PlaceOf } from './places.js';
import type { ExtractRequest } from './request.js';

/** Forms by id: the row decides, the blob brings the content. */
export async function* extractForms(
  hq: Hq,
  request: ExtractRequest,
  ids: readonly string[],
): AsyncGenerator<Extracted> {
  const places = new Places(hq, request);
  const loadChunk = async (chunk: readonly string[]): Promise<() => AsyncGenerator<Extracted>> => {
    request.signal?.throwIfAborted();
    const rows = await readRows(hq, request, chunk);
    const placeOf = await places.load([...rows.values()].map(claimants));
    return () => inOrder(chunk, BLOBS_AT_ONCE, (id) => formOf(hq, request, id, rows.get(id), placeOf));
  };
  for await (const records of inOrder(chunked(ids, IDS_PER_QUERY), CHUNKS_AT_ONCE, loadChunk))
    yield* records();
}

/** The rows that are to be upserted; every other asked id is a delete. */
async function readRows(
  hq: Hq,
  request: ExtractRequest,
  ids: readonly string[],
): Promise<ReadonlyMap<string, FormRow>> {
  const query = { text: FORM_SQL, values: [ids] };
  const rows = await hq.shards.readProven<FormRow>(query, ids, { ...request, kind: 'form' });
  return new Map([...rows].filter(([, row]) => isWanted(row, request)));
}

function isWanted(row: FormRow, request: ExtractRequest): boolean {
  return isLiveForm(row) && row.domain === request.domain && request.isListed(row.xmlns ?? '');
}

function claimants(row: FormRow): { owner: null; users: readonly (string | null)[] } {
  return { owner: null, users: [row.user_id] };
}

async function formOf(
  hq: Hq,
  request: ExtractRequest,
  id: string,
  row: FormRow | undefined,
  placeOf: PlaceOf,
): Promise<Extracted> {
  request.signal?.throwIfAborted();
  const { domain } = request;
  if (row === undefined) return { op: 'delete', kind: 'form', domain, id };
  const document = await readFormDocument(hq.blobs, row);
  if ('form' in document) return upsertOf(request, row, document.form, placeOf);
  // An edit moves the blob to the superseded copy: the row read a moment ago may name one that is gone.
  const again = document.missing ? await readRows(hq, request, [id]) : undefined;
  if (again === undefined) return unreadable(domain, row, document);
  const rowNow = again.get(id);
  if (rowNow === undefined) return { op: 'delete', kind: 'form', domain, id };
  const documentNow = await readFormDocument(hq.blobs, rowNow);
  if (!('form' in documentNow)) return unreadable(domain, rowNow, documentNow);
  return upsertOf(request, rowNow, documentNow.form, placeOf);
}

function unreadable(
  domain: string,
  row: FormRow,
  document: Exclude<FormDocument, { form: JsonObject }>,
): Extracted {
  const { reason, where } = document;
  return { op: 'unreadable', kind: 'form', domain, id: row.id, type: row.xmlns ?? '', reason, where };
}

function upsertOf(request: ExtractRequest, row: FormRow, form: JsonObject, placeOf: PlaceOf): Upsert {
  return {
    op: 'upsert',
    kind: 'form',
    domain: row.domain,
    id: row.id,
    type: row.xmlns ?? '',
    rev: row.rev ?? row.received_on,
    month: monthOfForm(form, row.received_on, request.domainConfig.time_zone),
    fields: { ...formFields(row), ...placeOf(claimants(row)) },
    tree: form,
  };
}

/** By the phone's clock when the form was finished (form.meta.timeEnd), else by HQ's when it came in. */
export function monthOfForm(form: JsonObject, receivedOn: string, timeZone: string): string | null {
  const timeEnd = textOf(property(property(form, 'meta'), 'timeEnd'));
  return (timeEnd === null ? null : monthOf(timeEnd, timeZone)) ?? monthOf(receivedOn, timeZone);
}

/** An element's text, whether or not it has attributes. */
function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  const text = property(value, '#text');
  return typeof text === 'string' ? text : null;
}

function property(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value[name];
}
