import { isUtf8 } from 'node:buffer';

const DECLARED_ENCODING = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']/;
const DECLARATION_BYTES = 256;
const UTF8_NAMES = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/**
 * The document's text, by its byte order mark or declared encoding (else UTF-8).
 * @returns undefined when the bytes are not valid in that encoding, or nobody knows the encoding
 */
export function decodedXml(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = encodingOf(buffer);
  if (encoding === 'utf-8') {
    // A replacement character in place of a broken byte would be silent damage.
    if (!isUtf8(buffer)) return undefined;
    return buffer.toString('utf8', startsWith(buffer, [0xef, 0xbb, 0xbf]) ? 3 : 0);
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(buffer);
  } catch {
    return undefined;
  }
}

function encodingOf(buffer: Buffer): string {
  if (startsWith(buffer, [0xfe, 0xff])) return 'utf-16be';
  if (startsWith(buffer, [0xff, 0xfe])) return 'utf-16le';
  const declared = DECLARED_ENCODING.exec(
    buffer.toString('latin1', 0, DECLARATION_BYTES),
  )?.[1]?.toLowerCase();
  return declared === undefined || UTF8_NAMES.has(declared) ? 'utf-8' : declared;
}

function startsWith(buffer: Buffer, mark: readonly number[]): boolean {
  return mark.every((byte, index) => buffer[index] === byte);
}
