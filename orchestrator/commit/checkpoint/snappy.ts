/** Three bytes stand for 64 at most. */
const MOST_GROWTH = 64;

/** A raw Snappy block, as Parquet holds them, unpacked. @throws RangeError when it is damaged */
export function unsnappy(packed: Uint8Array): Uint8Array {
  let at = 0;
  const next = (): number => {
    const byte = packed[at++];
    if (byte === undefined) throw new RangeError('the Snappy block ends too early');
    return byte;
  };
  const number = (bytes: number): number => {
    let value = 0;
    for (let shift = 0; shift < bytes; shift++) value += next() * 2 ** (8 * shift);
    return value;
  };
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = next();
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  // A damaged length must not take all memory.
  if (length > MOST_GROWTH * packed.length) throw new RangeError('the Snappy block is damaged');
  const plain = new Uint8Array(length);
  let end = 0;
  const copy = (count: number, back: number): void => {
    const from = end - back;
    if (back === 0 || from < 0 || end + count > length) throw new RangeError('the Snappy block is damaged');
    // Byte by byte: a copy may run into what it writes itself.
    for (let step = 0; step < count; step++) plain[end + step] = plain[from + step] ?? 0;
    end += count;
  };
  while (at < packed.length) {
    const tag = next();
    const size = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const count = (size < 60 ? size : number(size - 59)) + 1;
        if (at + count > packed.length || end + count > length)
          throw new RangeError('the Snappy block is damaged');
        plain.set(packed.subarray(at, at + count), end);
        at += count;
        end += count;
        break;
      }
      case 1:
        copy((size & 7) + 4, ((tag >> 5) << 8) + next());
        break;
      case 2:
        copy(size + 1, number(2));
        break;
      default:
        copy(size + 1, number(4));
    }
  }
  if (end !== length) throw new RangeError('the Snappy block ends too early');
  return plain;
}
