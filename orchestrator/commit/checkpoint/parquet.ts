import { gunzipSync } from 'node:zlib';
import { readBitRuns } from './bit-runs.js';
import { unsnappy } from './snappy.js';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift.js';

/**
 * As much of Parquet as Delta checkpoints need: texts and whole numbers, plain or by dictionary, in either kind of page,
 * unpacked or packed with Snappy or gzip. What it does not know it refuses.
 */
export type Cell = string | bigint | number | null;

interface Leaf {
  readonly path: string;
  /** Parquet's number of its physical type. */
  readonly type: number;
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** Field numbers of Parquet's footer and page heads (parquet.thrift). */
const FOOTER = { schema: 2, rowGroups: 4 };
const ELEMENT = { type: 1, repetition: 3, name: 4, children: 5 };
const GROUP = { columns: 1 };
const COLUMN = { facts: 3, path: 3, codec: 4, values: 5, dataPage: 9, dictionaryPage: 11 };
const PAGE = { type: 1, packed: 3, data: 5, dictionary: 7, dataV2: 8 };
const PAGE_TYPE = { data: 0, dictionary: 2, dataV2: 3 };
const ENCODING = { plain: 0, plainDictionary: 2, dictionary: 8 };
const CODEC = { none: 0, snappy: 1, gzip: 2 };
const TYPE = { int32: 1, int64: 2, bytes: 6 };
const [OPTIONAL, REPEATED] = [1, 2];
const MOST_VALUES = 20_000_000;

/**
 * The rows of some leaf columns: per row the list of its cells (one for a column outside of lists and maps). A column that
 * the file lacks is left out of the answer.
 * @throws RangeError when the bytes are no Parquet file that is known here
 */
export function readColumns(bytes: Uint8Array, wanted: readonly string[]): ReadonlyMap<string, Cell[][]> {
  const footer = readFooter(bytes);
  const leaves = leavesOf(listOf(footer.get(FOOTER.schema)).map(structOf)).filter((leaf) =>
    wanted.includes(leaf.path),
  );
  const columns = new Map(leaves.map((leaf) => [leaf.path, [] as Cell[][]]));
  for (const group of listOf(footer.get(FOOTER.rowGroups)).map(structOf)) {
    for (const chunk of listOf(group.get(GROUP.columns)).map(structOf)) {
      const facts = structOf(chunk.get(COLUMN.facts));
      const path = listOf(facts.get(COLUMN.path)).map(textOf).join('.');
      const leaf = leaves.find((each) => each.path === path);
      if (leaf !== undefined) readChunk(bytes, leaf, facts, columns.get(path) ?? []);
    }
  }
  return columns;
}

function readFooter(bytes: Uint8Array): ThriftStruct {
  const tail = bytes.length - 8;
  if (tail < 4 || textOf(bytes.subarray(tail + 4)) !== 'PAR1') throw new RangeError('it is no Parquet file');
  const length = new DataView(bytes.buffer, bytes.byteOffset + tail, 4).getUint32(0, true);
  if (length > tail) throw new RangeError('the footer is longer than the file');
  return new ThriftReader(bytes, tail - length).struct();
}

/** The schema is a tree written depth first; its root is the first element. */
function leavesOf(elements: readonly ThriftStruct[]): Leaf[] {
  const leaves: Leaf[] = [];
  let at = 1;
  const walk = (children: number, above: readonly string[], definition: number, repetition: number): void => {
    for (let child = 0; child < children; child++) {
      const element = elements[at++];
      if (element === undefined) throw new RangeError('the schema ends too early');
      const kind = numberOf(element.get(ELEMENT.repetition) ?? 0);
      const names = [...above, textOf(element.get(ELEMENT.name))];
      const maxDefinition = definition + (kind === OPTIONAL || kind === REPEATED ? 1 : 0);
      const maxRepetition = repetition + (kind === REPEATED ? 1 : 0);
      const below = element.get(ELEMENT.children);
      if (below !== undefined && below !== 0) walk(numberOf(below), names, maxDefinition, maxRepetition);
      else
        leaves.push({
          ...{ path: names.join('.'), maxDefinition, maxRepetition },
          type: numberOf(element.get(ELEMENT.type) ?? -1),
        });
    }
  };
  walk(numberOf(elements[0]?.get(ELEMENT.children) ?? 0), [], 0, 0);
  return leaves;
}

function readChunk(bytes: Uint8Array, leaf: Leaf, facts: ThriftStruct, rows: Cell[][]): void {
  const total = countOf(facts.get(COLUMN.values));
  const codec = numberOf(facts.get(COLUMN.codec) ?? 0);
  const dataPage = numberOf(facts.get(COLUMN.dataPage) ?? 0);
  const dictionaryPage = numberOf(facts.get(COLUMN.dictionaryPage) ?? 0);
  // Some writers give a dictionary offset of 0 where there is none, and others one behind the data.
  let at = dictionaryPage > 0 && dictionaryPage < dataPage ? dictionaryPage : dataPage;
  let dictionary: readonly Cell[] = [];
  for (let read = 0; read < total;) {
    const reader = new ThriftReader(bytes, at);
    const head = reader.struct();
    const packed = bytes.subarray(reader.offset, reader.offset + numberOf(head.get(PAGE.packed) ?? 0));
    at = reader.offset + packed.length;
    switch (numberOf(head.get(PAGE.type) ?? -1)) {
      case PAGE_TYPE.dictionary: {
        const count = countOf(structOf(head.get(PAGE.dictionary)).get(1));
        dictionary = plainValues(unpacked(packed, codec), leaf.type, count);
        break;
      }
      case PAGE_TYPE.data: {
        const page = structOf(head.get(PAGE.data));
        const count = countOf(page.get(1));
        const levels = new LevelReader(unpacked(packed, codec));
        const repetition = levels.prefixed(leaf.maxRepetition, count);
        const definition = levels.prefixed(leaf.maxDefinition, count);
        addRows(rows, leaf, repetition, definition, levels.rest(), numberOf(page.get(2) ?? -1), dictionary);
        read += count;
        break;
      }
      case PAGE_TYPE.dataV2: {
        const page = structOf(head.get(PAGE.dataV2));
        const count = countOf(page.get(1));
        const [definitionBytes, repetitionBytes] = [numberOf(page.get(5) ?? 0), numberOf(page.get(6) ?? 0)];
        const levels = new LevelReader(packed);
        const repetition = levels.sized(leaf.maxRepetition, count, repetitionBytes);
        const definition = levels.sized(leaf.maxDefinition, count, definitionBytes);
        const values = page.get(7) === false ? levels.rest() : unpacked(levels.rest(), codec);
        addRows(rows, leaf, repetition, definition, values, numberOf(page.get(4) ?? -1), dictionary);
        read += count;
        break;
      }
      default:
        // An index page: nothing for us.
        if (packed.length === 0) throw new RangeError('a Parquet page of no length');
    }
  }
}

/** Levels stand before a page's values. */
class LevelReader {
  readonly #page: Uint8Array;
  #at = 0;

  constructor(page: Uint8Array) {
    this.#page = page;
  }

  prefixed(most: number, count: number): Uint32Array {
    if (most === 0) return new Uint32Array(count);
    const length = new DataView(this.#page.buffer, this.#page.byteOffset + this.#at, 4).getUint32(0, true);
    this.#at += 4;
    return this.sized(most, count, length);
  }

  sized(most: number, count: number, length: number): Uint32Array {
    const bytes = this.#page.subarray(this.#at, this.#at + length);
    this.#at += length;
    return readBitRuns(bytes, bitsFor(most), count);
  }

  rest(): Uint8Array {
    return this.#page.subarray(this.#at);
  }
}

function bitsFor(most: number): number {
  return most === 0 ? 0 : 32 - Math.clz32(most);
}

function addRows(
  rows: Cell[][],
  leaf: Leaf,
  repetition: Uint32Array,
  definition: Uint32Array,
  bytes: Uint8Array,
  encoding: number,
  dictionary: readonly Cell[],
): void {
  const present = definition.reduce((sum, level) => sum + (level === leaf.maxDefinition ? 1 : 0), 0);
  const values = pageValues(bytes, leaf.type, encoding, present, dictionary);
  let at = 0;
  for (const [index, level] of definition.entries()) {
    const value = level === leaf.maxDefinition ? (values[at++] ?? null) : null;
    const last = rows.at(-1);
    if (repetition[index] === 0 || last === undefined) rows.push([value]);
    else last.push(value);
  }
}

function pageValues(
  bytes: Uint8Array,
  type: number,
  encoding: number,
  count: number,
  dictionary: readonly Cell[],
): readonly Cell[] {
  if (count === 0) return [];
  switch (encoding) {
    case ENCODING.plain:
      return plainValues(bytes, type, count);
    case ENCODING.plainDictionary:
    case ENCODING.dictionary: {
      const numbers = readBitRuns(bytes.subarray(1), bytes[0] ?? 0, count);
      return Array.from(numbers, (number) => {
        const value = dictionary[number];
        if (value === undefined) throw new RangeError('a Parquet dictionary lacks a value');
        return value;
      });
    }
    default:
      throw new RangeError(`the Parquet encoding ${encoding} is not known here`);
  }
}

function plainValues(bytes: Uint8Array, type: number, count: number): Cell[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case TYPE.int32:
      return Array.from({ length: count }, (_, at) => view.getInt32(4 * at, true));
    case TYPE.int64:
      return Array.from({ length: count }, (_, at) => view.getBigInt64(8 * at, true));
    case TYPE.bytes: {
      let at = 0;
      return Array.from({ length: count }, () => {
        const length = view.getUint32(at, true);
        if (at + 4 + length > bytes.length) throw new RangeError('a Parquet text ends too early');
        const text = textOf(bytes.subarray(at + 4, at + 4 + length));
        at += 4 + length;
        return text;
      });
    }
    default:
      throw new RangeError(`the Parquet type ${type} is not known here`);
  }
}

function unpacked(packed: Uint8Array, codec: number): Uint8Array {
  switch (codec) {
    case CODEC.none:
      return packed;
    case CODEC.snappy:
      return unsnappy(packed);
    case CODEC.gzip:
      try {
        return gunzipSync(packed);
      } catch (cause) {
        throw new RangeError('a gzip page is damaged', { cause });
      }
    default:
      throw new RangeError(`the Parquet codec ${codec} is not known here`);
  }
}

const UTF8 = new TextDecoder();

function textOf(value: ThriftValue | undefined): string {
  return value instanceof Uint8Array ? UTF8.decode(value) : '';
}

function numberOf(value: ThriftValue): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw new RangeError('a number was expected');
}

/** Of values in a page; more than a checkpoint ever has is a damaged number, which must not take all memory. */
function countOf(value: ThriftValue | undefined): number {
  const count = numberOf(value ?? 0);
  if (count >= 0 && count <= MOST_VALUES) return count;
  throw new RangeError('a Parquet page has no such number of values');
}

function listOf(value: ThriftValue | undefined): readonly ThriftValue[] {
  return Array.isArray(value) ? (value as readonly ThriftValue[]) : [];
}

function structOf(value: ThriftValue | undefined): ThriftStruct {
  return value instanceof Map ? (value as ThriftStruct) : new Map();
}
