import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CrashPoint } from '../../orchestrator/crash-point.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { runVerb } from '../helpers/dimagi-lake.js';
import { loadSmallProgramme } from '../helpers/small-programme.js';
import { runsOf, stagingTables, warehouseOf } from '../integration/aggregation/aggregation-facts.js';

/** Where the process dies, and the states of the runs once another has done the work. */
const POINTS: readonly [point: CrashPoint, states: readonly string[]][] = [
  ['aggregation-opened', ['failed', 'published']],
  ['aggregation-computed', ['published']],
  ['aggregation-loaded', ['published']],
  ['aggregation-swapped', ['published']],
];

test('an aggregation whose process is killed at any step ends with the same rows, written once', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  await lake.ingestAll(['location']);
  const words = ['aggregation', 'location', lake.domain, '2026-01-01', '--force', '--json'] as const;
  assert.equal((await runVerb(lake, ...words)).code, 0);
  const rows = await warehouseOf(lake, 'flwc_location');
  assert.ok(rows.length > 0);
  for (const [point, states] of POINTS) {
    const before = (await runsOf(lake)).length;
    const killed = await runVerb({ env: { ...lake.env, DIMAGI_LAKE_CRASH_AT: point } }, ...words);
    assert.equal(killed.code, null, `killed at ${point}`);
    assert.deepEqual(await warehouseOf(lake, 'flwc_location'), rows, `whole rows after ${point}`);
    const next = await runVerb(lake, ...words.filter((word) => word !== '--force'));
    assert.equal(next.code, 0, next.stderr);
    const states_ = (await runsOf(lake)).slice(before).map(({ state }) => state);
    assert.deepEqual(states_, states, point);
    assert.deepEqual(await warehouseOf(lake, 'flwc_location'), rows, point);
    assert.deepEqual(await stagingTables(), [], `nothing is left after ${point}`);
  }
});
