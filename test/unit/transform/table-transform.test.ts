import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transform } from '../../../orchestrator/config/transforms.js';
import { loadHook } from '../../../orchestrator/transform/hook.js';
import { tableTransform } from '../../../orchestrator/transform/table-transform.js';
import { transformRecords } from '../../../orchestrator/transform/transform-records.js';
import type { Extracted, Upsert } from '../../../orchestrator/types.js';
import { aCase } from './records.js';

const filter = (is: string): Transform => ({
  kind: 'filter',
  keep: { column: 'case_json__a', tests: { is } },
});
const drop: Transform = { kind: 'mask', columns: ['case_json__a'], with: 'drop' };

test('steps are done in their order: what a mask took away a later step does not see', async () => {
  const hook = await loadHook(
    'h.mjs',
    'export default (r) => ({ ...r, case_json: { saw: r.case_json.a ?? "nothing" } });',
  );
  const run = (...steps: Transform[]): Extracted =>
    tableTransform('case', { location_levels: [] }, steps, {
      hashKey: 'k',
      hooks: new Map([['h.mjs', hook]]),
    })(aCase({ a: '1' }));
  const step: Transform = { kind: 'hook', path: 'h.mjs' };
  const seen = (after: Extracted): unknown => (after.op === 'upsert' ? after.tree : after.op);
  assert.deepEqual(seen(run(step)), { saw: '1' });
  assert.deepEqual(seen(run(drop, step)), { saw: 'nothing' });
  assert.deepEqual(seen(run(filter('1'), drop)), {});
  assert.equal(seen(run(drop, filter('1'))), 'delete');
});

test('only upserts of tables with transforms are touched, and who is not kept is counted', async () => {
  const deletion: Extracted = { op: 'delete', kind: 'case', domain: 'd', id: 'gone' };
  const unreadable: Extracted = { ...deletion, op: 'unreadable', type: null, reason: 'r', where: 'w' };
  const other: Upsert = { ...aCase({ a: '2' }), type: 'other', id: 'other' };
  const transform = tableTransform('case', { location_levels: [] }, [filter('1')], {
    hashKey: undefined,
    hooks: new Map(),
  });
  let notKept = 0;
  const after: Extracted[] = [];
  for await (const record of transformRecords(
    records(deletion, unreadable, other, aCase({ a: '1' }), aCase({ a: '2' })),
    (record) => Promise.resolve(record.type === 'other' ? undefined : transform),
    () => notKept++,
  ))
    after.push(record);
  assert.deepEqual(after, [
    deletion,
    unreadable,
    other,
    aCase({ a: '1' }),
    { op: 'delete', kind: 'case', domain: 'd', id: 'case-1' },
  ]);
  assert.equal(notKept, 1);
});

async function* records(...list: Extracted[]): AsyncGenerator<Extracted> {
  await Promise.resolve();
  yield* list;
}
