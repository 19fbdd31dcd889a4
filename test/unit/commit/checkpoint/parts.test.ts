import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBitRuns } from '../../../../orchestrator/commit/checkpoint/bit-runs.js';
import { unsnappy } from '../../../../orchestrator/commit/checkpoint/snappy.js';
import { ThriftReader } from '../../../../orchestrator/commit/checkpoint/thrift.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

test('Snappy: a literal, a copy of what stands before, and a copy that runs into itself', () => {
  // length 12; literal "abcd"; copy of 4 from 4 back (1-byte offset); copy of 4 from 1 back (2-byte offset)
  const packed = bytes(12, (4 - 1) << 2, 97, 98, 99, 100, ((4 - 4) << 2) | 1, 4, ((4 - 1) << 2) | 2, 1, 0);
  assert.equal(text(unsnappy(packed)), 'abcdabcddddd');
});

test('Snappy: a long literal has its length in bytes of its own', () => {
  const long = Uint8Array.from({ length: 300 }, (_, at) => at % 251);
  const packed = bytes(0xac, 0x02, 61 << 2, 299 & 255, 299 >> 8, ...long);
  assert.deepEqual(unsnappy(packed), long);
});

test('Snappy: what is damaged is refused', () => {
  for (const packed of [
    bytes(),
    bytes(4, 12, 97),
    bytes(4, 1, 4),
    bytes(4, 0, 97),
    bytes(1, 12, 97, 98, 99, 100),
  ])
    assert.throws(() => unsnappy(packed), RangeError);
});

test('runs and packed groups of bits follow each other', () => {
  // 5 times 3 (a run), then a group of eight values of 3 bits: 0 to 7
  const packed = bytes(5 << 1, 3, (1 << 1) | 1, 0b10001000, 0b11000110, 0b11111010);
  assert.deepEqual([...readBitRuns(packed, 3, 13)], [3, 3, 3, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([...readBitRuns(bytes(), 0, 3)], [0, 0, 0], 'no bits: all zero');
  assert.throws(() => readBitRuns(bytes(5 << 1), 3, 5), RangeError);
  assert.throws(() => readBitRuns(bytes(0, 0, 0), 1, 5), RangeError);
});

test('Thrift: numbers, texts, lists, structs within structs, and field numbers by steps or written out', () => {
  const struct = new ThriftReader(
    // 1: i32 -3; 3: "hi"; 4: [true, false]; 20 (written out): {1: i64 300}; 21: true
    bytes(0x15, 5, 0x28, 2, 104, 105, 0x19, 0x21, 1, 2, 0x0c, 40, 0x16, 0xd8, 0x04, 0, 0x11, 0),
  ).struct();
  assert.equal(struct.get(1), -3);
  assert.equal(text(struct.get(3) as Uint8Array), 'hi');
  assert.deepEqual(struct.get(4), [true, false]);
  assert.deepEqual(struct.get(20), new Map([[1, 300n]]));
  assert.equal(struct.get(21), true);
  assert.throws(() => new ThriftReader(bytes(0x15)).struct(), RangeError);
});
