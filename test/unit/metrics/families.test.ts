import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAMILIES } from '../../../orchestrator/metrics/families.js';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

const page = readFileSync(join(PACKAGE_ROOT, 'deploy/metrics.md'), 'utf8');

test('deploy/metrics.md is the table of metrics/families.ts', () => {
  const table = Object.entries(FAMILIES).map(
    ([name, { type, labels, help }]) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  const written = page.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(written, table);
});

test('names say what they count in: counters end with _total, times with _seconds', () => {
  for (const [name, { type }] of Object.entries(FAMILIES)) {
    assert.match(name, /^dimagi_lake_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (type === 'histogram') assert.match(name, /_seconds$/);
  }
});

test('every metric that the page’s rules and examples use is one of ours', () => {
  const used = page.match(/dimagi_lake_\w+/g) ?? [];
  for (const name of used) assert.ok(Object.hasOwn(FAMILIES, name.replace(/_(bucket|sum|count)$/, '')), name);
});
