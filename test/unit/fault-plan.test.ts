import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_NAMES, FAULTS, MOMENTS } from '../faults/random/named-faults.js';
import { describePlan, planPoints, planRun } from '../faults/random/plan.js';
import { findChange } from '../hq-sim/changes.js';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

test('a seed is one plan, another seed another', () => {
  assert.deepEqual(planRun(7), planRun(7));
  const plans = new Set(SEEDS.map((seed) => JSON.stringify({ ...planRun(seed), name: '' })));
  assert.equal(plans.size, SEEDS.length);
});

test('random plans come to every fault, every pair only of those that can bear another, and to nothing impossible', () => {
  const drawn = new Set<string>();
  const moments = new Set<string>();
  for (const { settings, rounds } of SEEDS.map((seed) => planRun(seed)))
    for (const { changes, faults } of rounds) {
      for (const { kind } of changes) assert.ok(kind === 'reprocess' || findChange(kind) !== undefined, kind);
      for (const [turn, { fault, at, and }] of faults.entries()) {
        drawn.add(fault);
        const { needs, wants, moments: allowed, pairs } = FAULTS[fault];
        assert.ok(needs !== 's3' || settings.storage === 's3', fault);
        assert.ok(needs !== 'small-disk' || settings.smallDisk, fault);
        assert.ok(needs !== 'executors' || settings.executors, fault);
        assert.ok(needs !== 'cold-drivers' || settings.drivers === 'cold', fault);
        assert.ok(wants !== 'reprocess' || changes.some(({ kind }) => kind === 'reprocess'), fault);
        if (at === null) assert.deepEqual([allowed, turn], [[], 0], `${fault} sets its scene first`);
        else {
          moments.add(at.moment);
          assert.ok(allowed.includes(at.moment), fault);
        }
        if (and !== null) assert.ok(pairs !== undefined && FAULTS[and].pairs === 'both' && and !== fault);
      }
    }
  assert.deepEqual([...drawn].sort(), [...FAULT_NAMES].sort());
  assert.deepEqual([...moments].sort(), [...MOMENTS].sort());
});

test('the points are every named fault once, where it is possible', () => {
  const plans = planPoints();
  const planned = plans.flatMap(({ rounds }) =>
    rounds.flatMap(({ faults }) => faults.map(({ fault }) => fault)),
  );
  assert.deepEqual([...planned].sort(), [...FAULT_NAMES].sort());
});

test('asked for some faults alone, a plan has no other, and what they need is there', () => {
  for (const seed of SEEDS.slice(0, 50)) {
    const plan = planRun(seed, { faults: ['s3-slow', 's3-refuses'], rounds: 2 });
    assert.equal(plan.settings.storage, 's3');
    assert.ok(
      plan.rounds.every(
        ({ faults }) => faults.length > 0 && faults.every(({ fault }) => fault.startsWith('s3-')),
      ),
    );
    assert.match(describePlan(plan), /^seed \d+: .* s3\nround 1 {2}change/);
  }
});
