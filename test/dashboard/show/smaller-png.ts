import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;

/** The same picture, packed as tightly as PNG can: the browser packs for speed, and pictures stay in the repository for ever. */
export function smallerPng(png: Buffer): Buffer {
  const chunks = [...chunksOf(png)];
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const data = deflateSync(inflateSync(packed), { level: 9, memLevel: 9 });
  const head = chunks.filter(({ type }) => type === 'IHDR' || type === 'PLTE' || type === 'tRNS');
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    ...head.map(({ type, data: own }) => chunk(type, own)),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Length, type, data, checksum; one after the other. */
function* chunksOf(png: Buffer): Generator<{ type: string; data: Buffer }> {
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
