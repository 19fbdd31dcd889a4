import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { freshLake, type FreshLake } from '../../helpers/fresh-lake.js';
import { loadSmallProgramme } from '../../helpers/small-programme.js';
import { runVerb, type VerbEnd } from '../../helpers/dimagi-lake.js';
import { runsOf, warehouseOf } from './aggregation-facts.js';

const MONTH = '2026-01-01';

interface Result {
  readonly computed: readonly { readonly table: string; readonly outcome: string; readonly run: string }[];
}

test('a month is computed once, anew when asked for, and is not published when an audit finds rows', async (t) => {
  const lake = await lakeWithLocations(t);
  const aggregate = (...words: string[]): Promise<VerbEnd> =>
    runVerb(lake, 'aggregation', 'location', lake.domain, MONTH, '--json', ...words);

  const first = resultOf(await aggregate());
  assert.deepEqual(
    first.computed.map(({ table, outcome }) => [table, outcome]),
    [['flwc_location', 'done']],
  );
  const rows = await warehouseOf(lake, 'flwc_location');
  assert.ok(rows.length > 0);

  assert.deepEqual(resultOf(await aggregate()).computed, [], 'nothing has changed: nothing is computed');
  const models = modelsWith(t, 'flwc_location', (yml) =>
    yml.replace(
      /^audits:\n/m,
      'audits:\n  - {name: never, description: Fails., sql: SELECT location_level FROM flwc_location}\n',
    ),
  );
  const failed = await runVerb(
    { ...lake, env: { ...lake.env, AGGREGATION_MODELS: models } },
    ...['aggregation', 'location', lake.domain, MONTH, '--json'],
  );
  assert.equal(failed.code, 1, failed.stderr);
  assert.match(failed.stdout, /AUDIT_FAILED: flwc_location: never \(/);
  assert.deepEqual(await warehouseOf(lake, 'flwc_location'), rows, 'what was published stays');
  const runs = await runsOf(lake);
  assert.deepEqual(
    runs.map(({ state }) => state),
    ['published', 'failed'],
  );

  const mended = resultOf(await aggregate());
  assert.deepEqual(
    mended.computed.map(({ outcome }) => outcome),
    ['done'],
    'of what did not pass nothing is left',
  );
  assert.deepEqual(await warehouseOf(lake, 'flwc_location'), rows);
});

test('bad requests are told by name, with an exit code, and nothing is written', async (t) => {
  const lake = await lakeWithLocations(t);
  const cases: readonly [words: readonly string[], code: number, told: RegExp][] = [
    [['location', lake.domain, '2026-01-15'], 2, /2026-01-15.*not the first of a month[^]*2026-01-01/],
    [['location', lake.domain, 'January'], 2, /"January" is no month/],
    [['location', lake.domain, '2199-01-01'], 2, /2199-01-01 is in the future/],
    [['locations', lake.domain, MONTH], 2, /no aggregation "locations"[^]*Did you mean location\?/],
    [['location', 'test-nowhere', MONTH], 2, /no domain "test-nowhere"/],
    [['child_thr', lake.domain, MONTH], 6, /SOURCE_MISSING: .*raw_child_thr_form \(read by child_thr\)/],
    [['all', lake.domain, MONTH], 6, /SOURCE_MISSING/],
  ];
  for (const [words, code, told] of cases) {
    const end = await runVerb(lake, 'aggregation', ...words, '--json');
    assert.equal(end.code, code, `${words.join(' ')}: ${end.stderr}`);
    assert.match(end.stderr, told);
    assert.equal(end.stdout, '');
  }
  assert.deepEqual(await runsOf(lake), []);
});

/** Locations alone, which one small batch brings. */
async function lakeWithLocations(t: TestContext): Promise<FreshLake> {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  await lake.ingestAll(['location']);
  return lake;
}

function resultOf({ code, stdout, stderr }: VerbEnd): Result {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Result;
}

/** The product's models with one of them changed. */
function modelsWith(t: TestContext, table: string, change: (yml: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  cpSync(join(PACKAGE_ROOT, 'spark-jobs', 'models'), folder, { recursive: true });
  const path = join(folder, `${table}.yml`);
  const yml = readFileSync(path, 'utf8');
  writeFileSync(path, change(yml));
  assert.notEqual(readFileSync(path, 'utf8'), yml);
  return folder;
}
