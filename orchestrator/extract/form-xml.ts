import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { JsonObject } from '../types.js';
import type { BlobStore } from './blobs.js';
import type { FormRow } from './form-row.js';
import { formJson } from './form-json/form-json.js';
import { MAX_XML_BYTES } from './form-json/limits.js';

const inflateElsewhere = promisify(gunzip);
/** Up to here inflating at once costs less than handing the bytes to another thread, and a bomb still ends in time. */
const INFLATE_AT_ONCE_BYTES = 32 * 1024;

export type FormDocument =
  | { readonly form: JsonObject }
  | { readonly reason: string; readonly where: string; readonly missing: boolean };

/**
 * A form's XML from the blob store, as HQ's `form` JSON. What cannot be read gives its reason.
 * @throws LakeError HQ_READ_FAILED when the store does not answer
 */
export async function readFormDocument(blobs: BlobStore, row: FormRow): Promise<FormDocument> {
  const { blob_key: key } = row;
  if (key === null) return { reason: 'the form has no form.xml', where: 'blobs_blobmeta', missing: true };
  const where = `blob ${key}`;
  const blob = await blobs.read(key, MAX_XML_BYTES);
  if (blob === 'missing') return { reason: 'the blob is missing', where, missing: true };
  if (blob === 'too large')
    return { reason: `the blob is larger than ${MAX_XML_BYTES} bytes`, where, missing: false };
  const xml = await uncompressed(blob.bytes, row.compressed);
  const result = typeof xml === 'string' ? { reason: xml } : formJson(xml);
  return 'form' in result ? result : { reason: result.reason, where, missing: false };
}

/**
 * HQ says by compressed_length whether the bytes are gzip; the magic number is the check. XML never starts with it,
 * so gzip that HQ forgot to note is still read, while "gzip" without it is damage.
 * @returns a string when the bytes cannot be read: the reason
 */
async function uncompressed(bytes: Uint8Array, compressed: boolean): Promise<Uint8Array | string> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return compressed ? 'the blob is not gzip although HQ stored it so' : bytes;
  const limit = { maxOutputLength: MAX_XML_BYTES };
  try {
    if (bytes.byteLength <= INFLATE_AT_ONCE_BYTES) return gunzipSync(bytes, limit);
    return await inflateElsewhere(bytes, limit);
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return tooLarge ? `form XML is larger than ${MAX_XML_BYTES} bytes` : 'the gzip of the blob is damaged';
  }
}
