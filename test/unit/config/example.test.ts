import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadLakeConfig, tableConfig } from '../../../orchestrator/config/lake.js';
import { suspicionsOfLake } from '../../../orchestrator/config/suspicions.js';
import { suspicionsOfTables } from '../../../orchestrator/config/transform-suspicions.js';
import { MASK_WAYS } from '../../../orchestrator/config/maskable.js';
import { transformKeysAt, type Condition } from '../../../orchestrator/config/transforms.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { loadHooks } from '../../../orchestrator/transform/load-hooks.js';
import { tableTransform } from '../../../orchestrator/transform/table-transform.js';
import { aCase } from '../transform/records.js';

const FILE = join(PACKAGE_ROOT, 'deploy', 'lake.example.yaml');
const DOMAIN = 'nutrition-demo';

test('the example lake.yaml has no fault and no oddity, and shows every kind of transform and every test of a filter', () => {
  const config = loadLakeConfig(FILE);
  assert.deepEqual([...suspicionsOfLake(config), ...suspicionsOfTables(config)], []);
  const tables = config.domains[DOMAIN]?.tables ?? {};
  const steps = Object.values(tables).flatMap((table) => table.transforms);
  const kinds = new Set(steps.map((step) => (step.kind === 'mask' ? step.with : step.kind)));
  assert.deepEqual(kinds, new Set([...MASK_WAYS, 'filter', 'hook']));
  const shown = new Set(steps.flatMap((step) => (step.kind === 'filter' ? testsOf(step.keep) : [])));
  assert.deepEqual(
    [...shown].sort(),
    transformKeysAt(['filter'])
      .filter((key) => key !== 'column')
      .sort(),
  );
});

function testsOf(condition: Condition): string[] {
  if ('any' in condition) return ['any', ...condition.any.flatMap(testsOf)];
  if ('all' in condition) return ['all', ...condition.all.flatMap(testsOf)];
  return Object.keys(condition.tests);
}

test('the example’s hook loads and does what it says', async () => {
  const config = loadLakeConfig(FILE);
  const { transforms } = tableConfig(config, DOMAIN, 'raw_member_case');
  const means = { hashKey: 'k', hooks: await loadHooks(config) };
  const domain = config.domains[DOMAIN] ?? assert.fail();
  const transform = tableTransform('case', domain, transforms, means);
  const member = aCase({ sex: 'F', dob: '1990-01-02' }, { name: 'n', owner_id: 'o' });
  const after = transform(member);
  assert.ok(after.op === 'upsert');
  assert.deepEqual(after.tree, { sex: 'F', dob: '1990' });
  assert.equal(after.fields['name'], null);
  assert.equal(
    transform({ ...member, fields: { ...member.fields, owner_id: 'training-centre' } }).op,
    'delete',
  );
});
