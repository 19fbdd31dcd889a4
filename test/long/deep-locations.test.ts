import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { ONE_PARTITION } from '../helpers/case-domain.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { until } from '../helpers/until.js';

const LEVELS = ['country', 'region', 'state', 'district', 'block', 'sector', 'village', 'hamlet'] as const;
const LOCATION = ['location'] as const;

/** Whatever happens to one location or type, the rows of all below it are to follow: eight levels of them here. */
test('every row of raw_location follows what happens above it, through any number of levels', async (t) => {
  const lake = await freshLake(t, { config, partitions: ONE_PARTITION });
  const { hq, domain } = lake;
  await plantTree(lake);
  await arrives(lake);

  await t.test(
    'moved under another parent, renamed, given another code, at the top and in the middle',
    async () => {
      await hq.moveLocation('district-1', 'state-2');
      await hq.moveLocation('village-2', 'sector-3');
      await hq.renameLocation('country-1', 'Bhārat, "the first"');
      await hq.editLocation('block-2', { siteCode: 'another', latitude: '12.5', longitude: '-3.25' });
      await arrives(lake);
    },
  );

  await t.test('archived, or made a location of another type', async () => {
    await hq.archiveLocation('district-2');
    await hq.retypeLocation('block-1', 'district');
    await arrives(lake);
  });

  await t.test('brought back, or deleted in the middle: HQ takes all below along', async () => {
    await hq.unarchiveLocation('sector-7');
    await hq.deleteLocation('sector-2');
    const gone = await arrives(lake);
    assert.ok(gone > 1, 'a location below it too');
  });

  await t.test(
    'an edited type, which HQ announces nowhere: its name, or a code that is no level any more',
    async () => {
      await hq.editLocationType(domain, 'district', { name: 'Zila' });
      assert.equal((await lake.oracle()).ok, false, 'the lake does not know yet');
      await arrives(lake);
      await hq.editLocationType(domain, 'district', { code: 'zila' });
      await arrives(lake);
    },
  );

  await t.test(
    'several types edited at once, one put below another, one deleted with its locations',
    async () => {
      await hq.editLocationType(domain, 'zila', { code: 'district', parentCode: 'region' });
      await hq.editLocationType(domain, 'village', { name: 'Gram' });
      await hq.deleteLocationType(domain, 'hamlet');
      const gone = await arrives(lake);
      assert.ok(gone > 1);
    },
  );

  await t.test('a crash when the look is noted, and when its page is planned, loses nothing', async () => {
    for (const [point, name] of [
      ['after-types-seen', 'Prānt'],
      ['after-fan-out', 'Rājya'],
    ] as const) {
      await hq.editLocationType(domain, 'state', { name });
      const died = await lake.ingest('location', { DIMAGI_LAKE_CRASH_AT: point });
      assert.equal(died.signal, 'SIGKILL', died.stderr);
    }
    await arrives(lake);
  });

  await t.test('a process that goes on looks again by itself', async () => {
    const running = lake.start('location', { LOCATION_TYPE_POLL_SECONDS: '1' }, []);
    const committed = async (): Promise<number> => {
      const { rows } = await lake.ledger.query("SELECT 1 FROM batch WHERE state = 'committed'");
      return rows.length;
    };
    const before = await committed();
    await until('it polls', async () => {
      const { rows } = await lake.ledger.query(
        "SELECT 1 FROM lease WHERE name = 'poller:location' AND expires_at > now()",
      );
      return rows.length === 1;
    });
    await hq.editLocationType(domain, 'country', { name: 'Land' });
    await until('the page of the type is committed', async () => (await committed()) === before + 1);
    running.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
    await lake.requireEqual();
  });

  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, LOCATION);
});

/** @returns how many rows went */
async function arrives(lake: FreshLake): Promise<number> {
  await lake.ingestAll(LOCATION);
  const report = await lake.requireEqual();
  const rows = report.tables.find(({ table }) => table.endsWith('/location/location'))?.actualRows ?? 0;
  const gone = (rowsOf.get(lake) ?? rows) - rows;
  rowsOf.set(lake, rows);
  return gone;
}

const rowsOf = new WeakMap<FreshLake, number>();

function config(domain: string): string {
  return stringify({ domains: { [domain]: { locations: true, location_levels: [...LEVELS] } } });
}

/** One line down to the state, then two of each below each: 2 countries, 3 + … locations, eight levels deep. */
async function plantTree({ hq, domain }: FreshLake): Promise<void> {
  await hq.createLocationTypes(
    domain,
    LEVELS.map((code, at) => ({
      code,
      name: code,
      ...(at === 0 ? {} : { parentCode: LEVELS[at - 1] ?? '' }),
    })),
  );
  let parents: (string | undefined)[] = [undefined, undefined];
  for (const [at, typeCode] of LEVELS.entries()) {
    const children = parents.flatMap((parentId) => (at < 4 ? [parentId] : [parentId, parentId]));
    parents = await hq.createLocations(
      domain,
      children.map((parentId, index) => ({
        typeCode,
        name: `${typeCode} ${index + 1}`,
        siteCode: `${typeCode}_${index + 1}`,
        locationId: `${typeCode}-${index + 1}`,
        latitude: `${10 + index}.5`,
        longitude: `${-index}.25`,
        metadata: { people: String(index) },
        ...(parentId === undefined ? {} : { parentId }),
      })),
    );
  }
}
