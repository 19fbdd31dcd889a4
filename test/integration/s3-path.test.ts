import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { createCases, updateCases } from '../helpers/case-domain.js';
import { AT_POINT, newestBatch } from '../helpers/crash-facts.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, VISIT } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';

/** A form, two case types and two levels of locations. */
function smallConfig(domain: string): string {
  return stringify({
    domains: {
      [domain]: {
        location_levels: ['district', 'village'],
        record_location: ['owner', 'user'],
        locations: true,
        cases: { child: {}, mother: {} },
        forms: { [VISIT]: { name: 'visit' } },
      },
    },
  });
}

interface Ids {
  readonly visits: readonly string[];
  readonly children: readonly string[];
  readonly villages: readonly string[];
}

test('with lake, checkpoint and blobs on S3 every topic stands in the lake as HQ holds it, written once', async (t) => {
  const lake = await freshLake(t, { storage: 's3', config: smallConfig });
  const ids = await load(lake);

  await t.test('after the first load every row and column is what HQ holds', async () => {
    await lake.ingestAll();
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    assert.deepEqual(Object.keys(lake.deltaVersions()), [
      'case-sql/child',
      'case-sql/mother',
      `form-sql/visit`,
      'location/location',
    ]);
  });

  await t.test(
    'edits, deletes, a changed case type, a field that becomes a list, a moved place',
    async () => {
      await happen(lake, ids);
      await lake.ingestAll();
      await lake.requireEqual({ locationColumns: 'ignore' });
      await requireExactlyOnce(lake);
      assert.deepEqual(
        (lake.commits().get('form-sql/visit') ?? []).map(({ operation }) => operation).slice(-2),
        ['CREATE OR REPLACE TABLE AS SELECT', 'MERGE'],
        'the column was promoted, then merged into',
      );
    },
  );

  await t.test('an orchestrator killed with -9 between two lanes: once restarted, written once', async () => {
    await createCases(lake, 'child', 2);
    await createCases(lake, 'mother', 2);
    const died = await lake.ingest('case-sql', { DIMAGI_LAKE_CRASH_AT: 'after-lane-merged' });
    assert.equal(died.signal, 'SIGKILL', `it did not die: code ${died.code ?? ''}\n${died.stderr}`);
    const batch = await newestBatch(lake);
    assert.ok(AT_POINT['after-lane-merged'](batch), `it died elsewhere: ${JSON.stringify(batch)}`);
    await lake.ingestAll(['case-sql']);
    await lake.requireEqual({ locationColumns: 'ignore' });
    await requireExactlyOnce(lake);
  });

  await t.test('a further run adds not one commit', async () => {
    await requireNothingLeft(lake);
  });
});

async function load(lake: FreshLake): Promise<Ids> {
  const { domain, hq } = lake;
  await hq.createLocationTypes(domain, [
    { code: 'district', name: 'District' },
    { code: 'village', name: 'Village', parentCode: 'district' },
  ]);
  const [district = ''] = await hq.createLocations(domain, [
    { name: 'Gaya', typeCode: 'district', siteCode: 'gaya' },
  ]);
  const villages = await hq.createLocations(
    domain,
    ['Rampur', 'Belpur'].map((name) => ({ name, typeCode: 'village', siteCode: name, parentId: district })),
  );
  const visits = await submitVisits(lake, 6);
  const children = await createCases(lake, 'child', 5, villages[0]);
  await createCases(lake, 'mother', 3, villages[1]);
  return { visits, children, villages };
}

async function happen(lake: FreshLake, { visits, children, villages }: Ids): Promise<void> {
  const { domain, hq } = lake;
  await editVisit(lake, visits[0] ?? '', '3.5', '3.6');
  await hq.deleteForms(domain, [visits[1] ?? '']);
  await updateCases(lake, [children[0] ?? ''], { weight: '9.5', seen: 'yes' });
  await updateCases(lake, [children[1] ?? ''], { case_type: 'mother' });
  await hq.deleteCases(domain, [children[2] ?? '']);
  await hq.renameLocation(villages[0] ?? '', 'Rampur Kalan');
}
