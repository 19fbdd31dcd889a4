import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logicalShard, rangeEnds } from '../../hq-sim/sharding.js';
import { sipHash24Low32 } from '../../hq-sim/sip-hash.js';

test("the shard hash gives HQ's check values", () => {
  assert.equal(sipHash24Low32(Buffer.from('0')), 882925130);
  assert.equal(sipHash24Low32(Buffer.from('afcb3026-c4b3-463f-85ec-0cb9a2737fc5')), 1703310712);
  assert.equal(sipHash24Low32(Buffer.from('403724ef9fe141f2908363918c62c2ff', 'hex')), 1415444857);
});

test('a document goes to the logical shard that HQ would choose', () => {
  assert.equal(logicalShard('0'), 586);
  assert.equal(logicalShard('afcb3026-c4b3-463f-85ec-0cb9a2737fc5'), 376);
});

test("the ranges of five databases are production's, and any number ends at the last logical shard", () => {
  assert.deepEqual(rangeEnds(5), [204, 409, 614, 819, 1023]);
  assert.deepEqual(rangeEnds(1), [1023]);
  assert.equal(rangeEnds(20).at(-1), 1023);
  assert.throws(() => rangeEnds(0), { code: 'CONFIG_INVALID' });
});
