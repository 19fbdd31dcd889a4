import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { LakeError } from '../../orchestrator/errors.js';
import type { HqContext } from './context.js';
import { groupByShard, type Sql } from './databases.js';
import type { BlobMetaRow, FormRow } from './rows.js';
import { childNamed, type XmlElement } from './xml-tree.js';

/** Blobs read or written at once; more only queue up at the disk. */
export const BLOBS_AT_ONCE = 16;
const pack = promisify(gzip);
const FORM_XML = { name: 'form.xml', typeCode: 2 } as const;

/** What a form says about itself. */
export interface FormFacts {
  readonly formId: string | null;
  readonly xmlns: string;
  readonly userId: string | null;
}

export function factsOf(root: XmlElement): FormFacts {
  const meta = root.children.find((child) => child.name === 'meta' || child.name === 'Meta');
  const text = (...names: string[]): string | null =>
    names.map((name) => childNamed(meta, name)?.text).find((value) => value !== undefined && value !== '') ??
    null;
  return { formId: text('instanceID', 'uid'), xmlns: root.namespace, userId: text('userID', 'chw_id') };
}

/** A row as HQ's receiver first makes it. */
export function newFormRow(given: {
  formId: string;
  domain: string;
  receivedOn: string;
  now: string;
  xmlns: string | null;
  userId: string | null;
  appId?: string;
  buildId?: string;
}): FormRow {
  return {
    form_id: given.formId,
    domain: given.domain,
    app_id: given.appId ?? null,
    xmlns: given.xmlns,
    user_id: given.userId,
    orig_id: null,
    deprecated_form_id: null,
    server_modified_on: given.now,
    received_on: given.receivedOn,
    edited_on: null,
    deleted_on: null,
    deletion_id: null,
    auth_context: JSON.stringify({ doc_type: 'AuthContext', domain: given.domain, user_id: given.userId }),
    openrosa_headers: JSON.stringify({ HTTP_X_OPENROSA_VERSION: '3.0' }),
    partial_submission: false,
    submit_ip: '10.0.0.1',
    last_sync_token: null,
    problem: null,
    date_header: null,
    build_id: given.buildId ?? null,
    state: 1,
    initial_processing_complete: true,
  };
}

/** Writes the XML to the blob store (gzip, or raw as HQ once did) and returns the row that points to it. */
export async function storeXml(
  ctx: HqContext,
  form: FormRow,
  xml: string,
  { compress = true, key = randomUUID().replaceAll('-', '') }: { compress?: boolean; key?: string } = {},
): Promise<BlobMetaRow> {
  const raw = Buffer.from(xml, 'utf8');
  // Off the main thread: several forms are packed at once.
  const stored = compress ? await pack(raw) : raw;
  await ctx.blobs.put(key, stored);
  return {
    domain: form.domain,
    parent_id: form.form_id,
    name: FORM_XML.name,
    key,
    type_code: FORM_XML.typeCode,
    content_length: raw.length,
    compressed_length: compress ? stored.length : null,
    content_type: 'text/xml',
    properties: null,
    created_on: form.server_modified_on ?? form.received_on,
    expires_on: null,
  };
}

/** The forms there are among these ids. */
export async function loadForms(ctx: HqContext, ids: readonly string[]): Promise<Map<string, FormRow>> {
  const found = new Map<string, FormRow>();
  for (const [shard, group] of groupByShard(ctx.databases, new Set(ids), (id) => id)) {
    const { rows } = await ctx.databases
      .pool(shard)
      .query<FormRow>('SELECT * FROM form_processor_xforminstancesql WHERE form_id = ANY($1::varchar[])', [
        group,
      ]);
    for (const row of rows) found.set(row.form_id, row);
  }
  return found;
}

/** @throws LakeError USAGE when there is no such form */
export async function loadForm(ctx: HqContext, formId: string): Promise<FormRow> {
  const form = (await loadForms(ctx, [formId])).get(formId);
  if (form === undefined) throw new LakeError('USAGE', `There is no form ${formId}`);
  return form;
}

/** Where a form's XML stands. */
interface XmlPlace {
  readonly parent_id: string;
  readonly key: string;
  readonly compressed_length: string | null;
}

async function findMetas(ctx: HqContext, formIds: readonly string[]): Promise<XmlPlace[]> {
  const found: XmlPlace[] = [];
  for (const [shard, group] of groupByShard(ctx.databases, formIds, (id) => id)) {
    const { rows } = await ctx.databases.pool(shard).query<XmlPlace>(
      `SELECT DISTINCT ON (parent_id) parent_id, key, compressed_length FROM blobs_blobmeta
       WHERE parent_id = ANY($1::varchar[]) AND type_code = $2 AND name = $3 ORDER BY parent_id, id DESC`,
      [group, FORM_XML.typeCode, FORM_XML.name],
    );
    found.push(...rows);
  }
  return found;
}

/** @throws LakeError STORAGE_FAILED when no row tells it */
export async function findMeta(ctx: HqContext, formId: string): Promise<XmlPlace> {
  const [meta] = await findMetas(ctx, [formId]);
  if (meta === undefined) throw new LakeError('STORAGE_FAILED', `The form ${formId} has no form.xml`);
  return meta;
}

/** @throws LakeError STORAGE_FAILED when the form has no XML any more */
export async function loadXml(ctx: HqContext, formId: string): Promise<string> {
  return await readXml(ctx, await findMeta(ctx, formId));
}

/** By form id. @throws LakeError STORAGE_FAILED when one has no XML any more */
export async function loadXmls(ctx: HqContext, formIds: readonly string[]): Promise<Map<string, string>> {
  const places = await findMetas(ctx, formIds);
  if (places.length < formIds.length) {
    const there = new Set(places.map((place) => place.parent_id));
    throw new LakeError(
      'STORAGE_FAILED',
      `The form ${formIds.find((id) => !there.has(id)) ?? ''} has no form.xml`,
    );
  }
  const texts = new Map<string, string>();
  for (let at = 0; at < places.length; at += BLOBS_AT_ONCE) {
    const part = places.slice(at, at + BLOBS_AT_ONCE);
    const read = await Promise.all(part.map((place) => readXml(ctx, place)));
    part.forEach((place, index) => texts.set(place.parent_id, read[index] ?? ''));
  }
  return texts;
}

async function readXml(ctx: HqContext, place: XmlPlace): Promise<string> {
  const bytes = await ctx.blobs.get(place.key);
  return (place.compressed_length === null ? bytes : gunzipSync(bytes)).toString('utf8');
}

export async function recordOperation(
  sql: Sql,
  formId: string,
  operation: 'archive' | 'unarchive' | 'edit' | 'gdpr_scrub',
  userId: string | null,
  date: string,
): Promise<void> {
  await sql.query(
    'INSERT INTO form_processor_xformoperationsql (form_id, user_id, operation, date) VALUES ($1, $2, $3, $4)',
    [formId, userId, operation, date],
  );
}
