/** A struct of Thrift's compact protocol as it stands in the bytes: values by field number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = number | bigint | boolean | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** Numbers of the protocol's types. */
const TYPE = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
};

/** Reads Thrift's compact protocol, in which Parquet writes its footer and the heads of its pages. */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the next byte is read. */
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  /** @throws RangeError when the bytes end too early or hold no struct */
  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const step = head >> 4;
      id = step === 0 ? Number(this.#zigzag()) : id + step;
      const type = head & 15;
      fields.set(id, type === TYPE.true ? true : type === TYPE.false ? false : this.#value(type));
    }
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        // Inside a list a boolean is a byte of its own.
        return this.#byte() === TYPE.true;
      case TYPE.byte:
        return (this.#byte() << 24) >> 24;
      case TYPE.i16:
      case TYPE.i32:
        return Number(this.#zigzag());
      case TYPE.i64:
        return this.#zigzag();
      case TYPE.double: {
        const value = this.#view.getFloat64(this.offset, true);
        this.offset += 8;
        return value;
      }
      case TYPE.binary:
        return this.#binary();
      case TYPE.list:
      case TYPE.set:
        return this.#list();
      case TYPE.map:
        return this.#map();
      case TYPE.struct:
        return this.struct();
      default:
        throw new RangeError(`no Thrift type has the number ${type}`);
    }
  }

  #list(): ThriftValue[] {
    const head = this.#byte();
    const short = head >> 4;
    const length = this.#items(short === 15 ? Number(this.#varint()) : short);
    return Array.from({ length }, () => this.#value(head & 15));
  }

  /** Keys and values in turn; nothing of ours reads one. */
  #map(): ThriftValue[] {
    const length = this.#items(Number(this.#varint()));
    if (length === 0) return [];
    const types = this.#byte();
    return Array.from({ length: 2 * length }, (_, at) => this.#value(at % 2 === 0 ? types >> 4 : types & 15));
  }

  /** Each takes a byte at least: a damaged number must not take all memory. */
  #items(count: number): number {
    if (count > this.#bytes.length - this.offset) throw new RangeError('the bytes end within a list');
    return count;
  }

  #binary(): Uint8Array {
    const length = Number(this.#varint());
    const start = this.offset;
    this.offset += length;
    if (length > this.#bytes.length || this.offset > this.#bytes.length)
      throw new RangeError('the bytes end within a text');
    return this.#bytes.subarray(start, this.offset);
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
      if (shift > 63n) throw new RangeError('a number has too many bytes');
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.offset++];
    if (byte === undefined) throw new RangeError('the bytes end within a struct');
    return byte;
  }
}
