import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;
const COLOURS = 256;

/**
 * A screenshot with 256 colours, its most frequent ones: an eye sees no difference in pages of text, and the file is a third.
 * Pictures stay in the repository for ever.
 * @param png as the browser makes it: 8 bits a channel, not interlaced
 */
export function smallerPng(png: Buffer): Buffer {
  const chunks = [...chunksOf(png)];
  const head = Buffer.from(chunks.find(({ type }) => type === 'IHDR')?.data ?? []);
  const [width, height, channels] = [head.readUInt32BE(0), head.readUInt32BE(4), head[9] === 6 ? 4 : 3];
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const colours = coloursOf(unfiltered(inflateSync(packed), width * channels, height, channels), channels);
  const palette = frequent(colours);
  const rows = Buffer.alloc((width + 1) * height);
  const known = new Map(palette.map((colour, at) => [colour, at]));
  colours.forEach((colour, at) => {
    let index = known.get(colour);
    if (index === undefined) known.set(colour, (index = nearest(palette, colour)));
    rows[at + 1 + Math.floor(at / width)] = index;
  });
  head[8] = 8;
  head[9] = 3;
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap((colour) => parts(colour)))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
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

/** Each row begins with how it was foretold from the pixel to the left and the row above (PNG, chapter 9). */
function unfiltered(filtered: Buffer, stride: number, height: number, channels: number): Buffer {
  const plain = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const how = filtered[row * (stride + 1)];
    for (let at = 0; at < stride; at++) {
      const here = row * stride + at;
      const left = at < channels ? 0 : (plain[here - channels] ?? 0);
      const up = row === 0 ? 0 : (plain[here - stride] ?? 0);
      const corner = at < channels || row === 0 ? 0 : (plain[here - stride - channels] ?? 0);
      const foretold =
        how === 1
          ? left
          : how === 2
            ? up
            : how === 3
              ? (left + up) >> 1
              : how === 4
                ? paeth(left, up, corner)
                : 0;
      plain[here] = ((filtered[row * (stride + 1) + 1 + at] ?? 0) + foretold) & 0xff;
    }
  }
  return plain;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function coloursOf(plain: Buffer, channels: number): Uint32Array {
  const colours = new Uint32Array(plain.length / channels);
  for (let at = 0; at < colours.length; at++) colours[at] = plain.readUIntBE(at * channels, 3);
  return colours;
}

function frequent(colours: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, COLOURS)
    .map(([colour]) => colour);
}

function nearest(palette: readonly number[], colour: number): number {
  let [best, distance] = [0, Infinity];
  const [red, green, blue] = parts(colour);
  palette.forEach((each, at) => {
    const [r, g, b] = parts(each);
    const now = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (now < distance) [best, distance] = [at, now];
  });
  return best;
}

function parts(colour: number): [red: number, green: number, blue: number] {
  return [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
