import { test } from 'node:test';
import { requireFrozenWritesNothing } from '../helpers/frozen-orchestrator.js';

for (const moment of ['batch planned', 'lane merged']) {
  test(`an orchestrator frozen past its leases after "${moment}", thawed when another has done its work, writes nothing more`, (t) =>
    requireFrozenWritesNothing(t, moment));
}
