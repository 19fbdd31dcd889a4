import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { DOMAIN, HqFixture } from './hq-fixture.js';

const NOW = { newestPublishTimestamp: null };

describe('location types from HQ', () => {
  let fixture: HqFixture;
  let hq: HqSource;
  before(async () => {
    fixture = await HqFixture.create();
    hq = fixture.open();
    await fixture.addLocationTree();
    await sql(`UPDATE locations_locationtype SET parent_type_id = id - 1 WHERE id IN (2, 3)`);
  });
  after(async () => {
    await hq.close();
    await fixture.remove();
  });

  const sql = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
    fixture.server.query('hq_main', text, [...values]);
  async function of(...types: readonly bigint[]): Promise<string[]> {
    const found = await hq.locationTypes.locationsOf(DOMAIN, types, 0n, 100, NOW);
    return found.map(({ id }) => id);
  }

  test('each kept domain has its types, also when it has none', async () => {
    const types = await hq.locationTypes.read([DOMAIN, 'empty'], NOW);
    assert.deepEqual([...types.keys()], [DOMAIN, 'empty']);
    assert.deepEqual(types.get('empty'), []);
    assert.deepEqual(
      types.get(DOMAIN)?.find(({ code }) => code === 'clinic'),
      {
        id: 3n,
        name: 'Clinic',
        code: 'clinic',
        parentTypeId: 2n,
        lastModified: '2024-01-01T00:00:00.000000Z',
      },
    );
  });

  test('of changed types those locations are told that do not come along with one above them', async () => {
    assert.deepEqual(await of(3n), ['clinic-1', 'clinic-2']);
    assert.deepEqual(await of(2n, 3n), ['district-1']);
    assert.deepEqual(
      await of(1n, 3n),
      ['state-1', 'clinic-1', 'clinic-2'],
      'only the parent itself is asked',
    );
    assert.deepEqual(await of(4n), [], 'another domain’s');
    await sql(
      `INSERT INTO locations_sqllocation (domain, name, location_id, location_type_id, site_code, created_at,
         last_modified, parent_id)
       SELECT domain, 'Above', 'above', 3, 'above', created_at, last_modified, parent_id
       FROM locations_sqllocation WHERE location_id = 'state-1'`,
    );
    await sql(
      `UPDATE locations_sqllocation SET parent_id = (SELECT id FROM locations_sqllocation WHERE location_id = 'above')
       WHERE location_id = 'state-1'`,
    );
    assert.deepEqual(
      await of(1n, 3n),
      ['state-1', 'clinic-1', 'clinic-2', 'above'],
      'upside down, none is left out',
    );
    await sql(
      `UPDATE locations_sqllocation SET parent_id = (SELECT id FROM locations_sqllocation WHERE location_id = 'state-1')
       WHERE location_id = 'above'`,
    );
    assert.deepEqual(await of(1n, 2n, 3n), ['state-1'], 'a circle comes whole with one of it');
    await sql(`UPDATE locations_sqllocation SET parent_id = NULL WHERE location_id IN ('state-1', 'above')`);
    await sql(`DELETE FROM locations_sqllocation WHERE location_id = 'above'`);
  });

  test('they come in pages by number', async () => {
    const first = await hq.locationTypes.locationsOf(DOMAIN, [1n, 3n], 0n, 2, NOW);
    assert.deepEqual(
      first.map(({ id }) => id),
      ['state-1', 'clinic-1'],
    );
    const second = await hq.locationTypes.locationsOf(DOMAIN, [1n, 3n], first.at(-1)?.number ?? 0n, 2, NOW);
    assert.deepEqual(
      second.map(({ id }) => id),
      ['clinic-2'],
    );
  });

  test('locations that HQ has no more are told apart, those of other domains too', async () => {
    const asked = ['state-1', 'gone', 'foreign-1', "o'brien"];
    assert.deepEqual((await hq.locationTypes.absent(DOMAIN, asked, NOW)).toSorted(), [
      'foreign-1',
      'gone',
      "o'brien",
    ]);
  });
});
