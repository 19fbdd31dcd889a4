import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRun } from '../faults/random/plan.js';
import { run } from '../faults/random/run.js';
import { Story } from '../faults/random/story.js';

/** Chosen for being quick. All the others, and every fault by its name: `npm run test:faults -- --help`. */
const SEED = 1;
const FAULTS = ['orchestrator-kill', 'driver-kill', 'redis-flush', 'driver-state-unknown'] as const;

test('a random run of the fault harness is right: the plan of its seed is played, and every fault falls into work', async (t) => {
  const plan = planRun(SEED, { faults: FAULTS, rounds: 1 });
  const story = new Story(plan.name, (line) => {
    t.diagnostic(line);
  });
  // Undone in the reverse order of what was made.
  const undo: (() => void | Promise<void>)[] = [];
  let isRight = false;
  t.after(async () => {
    for (const act of undo) await act();
    if (isRight) story.forget();
  });
  const { hit, changed } = await run(plan, story, { after: (act) => void undo.unshift(act) });
  assert.ok(hit.length > 0 && changed > 0);
  isRight = true;
});
