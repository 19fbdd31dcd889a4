/**
 * Parquet's mix of runs (one value many times) and bit-packed groups of eight, by which it writes levels and numbers of
 * a dictionary.
 * @param width bits of a value
 * @throws RangeError when the bytes end before `count` values
 */
export function readBitRuns(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  if (width === 0) return values;
  const wholeBytes = Math.ceil(width / 8);
  let at = 0;
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('a Parquet page ends too early');
    return byte;
  };
  for (let done = 0; done < count;) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = next();
      head += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (head % 2 === 0) {
      let value = 0;
      for (let byte = 0; byte < wholeBytes; byte++) value += next() * 2 ** (8 * byte);
      const until = Math.min(count, done + head / 2);
      values.fill(value, done, until);
      if (until === done) throw new RangeError('a Parquet page has an empty run');
      done = until;
      continue;
    }
    const packed = ((head - 1) / 2) * 8;
    const start = at * 8;
    at += (packed * width) / 8;
    for (let index = 0; index < packed && done < count; index++)
      values[done++] = bitsAt(bytes, start + index * width, width);
  }
  return values;
}

/** Bits from the lowest of the first byte on. */
function bitsAt(bytes: Uint8Array, from: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < width; bit++) {
    const byte = bytes[(from + bit) >> 3];
    if (byte === undefined) throw new RangeError('a Parquet page ends too early');
    if (((byte >> ((from + bit) & 7)) & 1) === 1) value += 2 ** bit;
  }
  return value;
}
