import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  domainPartition,
  isStagingOf,
  leafPartition,
  openStagingName,
  sealedStagingName,
  socketPartition,
  tokenOfStaging,
  type LoadTarget,
} from '../../../orchestrator/warehouse/names.js';

const target: fc.Arbitrary<LoadTarget> = fc.record({
  table: fc.stringMatching(/^[a-z][a-z0-9_]{0,62}$/),
  domain: fc.string({ unit: 'binary', maxLength: 300 }),
  month: fc.option(fc.constantFrom('2026-01-01', '2026-02-01', '1999-12-01')),
});
const token = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

test('names are plain, fit, and are the same at every call', () => {
  fc.assert(
    fc.property(target, token, (each, run) => {
      const names = [
        domainPartition(each),
        socketPartition(each),
        leafPartition(each),
        openStagingName(each, run, 'a1b2c3'),
        sealedStagingName(each, run),
      ];
      for (const name of names) assert.match(name, /^[a-z0-9_]{1,63}$/);
      assert.equal(leafPartition({ ...each }), leafPartition(each));
    }),
  );
});

test('what is not one has not one name', () => {
  fc.assert(
    fc.property(target, target, (one, other) => {
      const same = one.table === other.table && one.domain === other.domain;
      assert.equal(domainPartition(one) === domainPartition(other), same);
      const sameMonth = same && one.month === other.month;
      assert.equal(leafPartition(one) === leafPartition(other), sameMonth);
      assert.equal(isStagingOf(one, openStagingName(other, 1n, 'a1b2c3')), sameMonth);
      assert.notEqual(leafPartition(one), socketPartition(other));
    }),
  );
  const [small, large] = ['demo', 'Demo'].map((domain) => ({ table: 't', domain, month: null }));
  assert.ok(small !== undefined && large !== undefined);
  assert.notEqual(leafPartition(small), leafPartition(large));
});

test('the run stands in the name of its staging table', () => {
  fc.assert(
    fc.property(target, token, (each, run) => {
      assert.equal(tokenOfStaging(openStagingName(each, run, 'a1b2c3')), run);
      assert.equal(tokenOfStaging(sealedStagingName(each, run)), run);
    }),
  );
  assert.equal(tokenOfStaging('somebody_elses'), undefined);
});
