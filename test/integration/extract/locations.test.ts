import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { fixedColumns } from '../../../orchestrator/shape/fixed-columns.js';
import type { Extracted, Upsert } from '../../../orchestrator/types.js';
import { CONFIG, DOMAIN, HqFixture, extractAll } from './hq-fixture.js';

describe('locations from HQ', () => {
  let fixture: HqFixture;
  let hq: HqSource;
  before(async () => {
    fixture = await HqFixture.create();
    hq = fixture.open();
    await fixture.addLocationTree();
  });
  after(async () => {
    await hq.close();
    await fixture.remove();
  });

  test('a location brings its own fields and those of each level above', async () => {
    const [record, ...others] = await extractAll(hq, { kind: 'location', ids: ['clinic-1'] });
    assert.deepEqual(others, []);
    const { fields, ...rest } = upsert(record);
    assert.deepEqual(rest, {
      op: 'upsert',
      kind: 'location',
      domain: DOMAIN,
      id: 'clinic-1',
      type: 'location',
      rev: '2024-03-09T00:00:00.000000Z',
      month: null,
      tree: { beds: '4' },
    });
    assert.deepEqual(fields, {
      domain: DOMAIN,
      name: 'Clinic 1',
      site_code: 'c1',
      location_type: 'Clinic',
      location_type_code: 'clinic',
      location_level: 3,
      external_id: 'ext',
      is_archived: true,
      archived_on: '2024-02-03T00:00:00.000000Z',
      last_modified: '2024-02-03T00:00:00.000000Z',
      created_at: '2023-01-01T00:00:00.000000Z',
      latitude: 12.5,
      longitude: -3.25,
      parent_location_id: 'district-1',
      state_id: 'state-1',
      state_name: 'State 1',
      state_site_code: 's1',
      state_latitude: null,
      state_longitude: null,
      state_is_archived: false,
      district_id: 'district-1',
      district_name: 'District 1',
      district_site_code: 'd1',
      district_latitude: null,
      district_longitude: null,
      district_is_archived: false,
      clinic_id: 'clinic-1',
      clinic_name: 'Clinic 1',
      clinic_site_code: 'c1',
      clinic_latitude: 12.5,
      clinic_longitude: -3.25,
      clinic_is_archived: true,
    });
  });

  test('the fields are exactly the fixed columns of its kind', async () => {
    const [record] = await extractAll(hq, { kind: 'location', ids: ['clinic-1'] });
    const columns = fixedColumns('location', CONFIG.location_levels).map(({ name }) => name);
    assert.deepEqual(record?.op === 'upsert' && Object.keys(record.fields).sort(), columns.sort());
  });

  test('a changed location brings all below it, each once, and levels it does not have are null', async () => {
    const records = await extractAll(hq, { kind: 'location', ids: ['district-1', 'state-1', 'clinic-2'] });
    assert.deepEqual(records.map(({ op, id }) => `${op} ${id}`).sort(), [
      'upsert clinic-1',
      'upsert clinic-2',
      'upsert district-1',
      'upsert state-1',
    ]);
    const state = upsert(records.find(({ id }) => id === 'state-1'));
    assert.equal(state.fields['location_level'], 1);
    assert.equal(state.fields['district_id'], null);
    assert.equal(state.fields['parent_location_id'], null);
  });

  test('a renamed ancestor or type makes a newer revision of every location below', async () => {
    await fixture.server.query(
      'hq_main',
      `UPDATE locations_sqllocation SET name = 'Renamed', last_modified = '2024-07-01T00:00:00.000123Z'
       WHERE location_id = 'state-1'`,
    );
    const [clinic] = await extractAll(hq, { kind: 'location', ids: ['clinic-2'] });
    assert.equal(upsert(clinic).rev, '2024-07-01T00:00:00.000123Z');
    assert.equal(upsert(clinic).fields['state_name'], 'Renamed');
    await fixture.server.query(
      'hq_main',
      `UPDATE locations_locationtype SET last_modified = '2024-08-01T00:00:00Z' WHERE code = 'district'`,
    );
    const [again] = await extractAll(hq, { kind: 'location', ids: ['clinic-2'] });
    assert.equal(upsert(again).rev, '2024-08-01T00:00:00.000000Z');
  });

  test('absent and foreign locations are deletes, and so is every one where locations are not kept', async () => {
    const gone = await extractAll(hq, { kind: 'location', ids: ['absent', 'foreign-1'] });
    assert.deepEqual(
      gone.map(({ op, id }) => [op, id]),
      [
        ['delete', 'absent'],
        ['delete', 'foreign-1'],
      ],
    );
    const unlisted = await extractAll(hq, { kind: 'location', ids: ['state-1'], isListed: () => false });
    assert.deepEqual(unlisted, [{ op: 'delete', kind: 'location', domain: DOMAIN, id: 'state-1' }]);
  });

  test('a location that HQ has just said to be deleting is waited for, until it is clear that it was not', async () => {
    const ask = (secondsAgo: number, ...ids: string[]): Promise<Extracted[]> =>
      extractAll(hq, {
        kind: 'location',
        ids,
        announcedGone: new Set(['clinic-2', 'absent']),
        newestPublishTimestamp: new Date(Date.now() - secondsAgo * 1000).toISOString(),
      });
    await assert.rejects(ask(1, 'state-1', 'clinic-2'), { code: 'HQ_STANDBY_BEHIND', retryable: true });
    assert.deepEqual(
      (await ask(1, 'absent', 'clinic-1')).map(({ op, id }) => `${op} ${id}`),
      ['delete absent', 'upsert clinic-1'],
    );
    assert.equal((await ask(1, 'district-1')).length, 3, 'its own message is yet to come');
    assert.equal((await ask(300, 'clinic-2'))[0]?.op, 'upsert');
  });

  test('a cycle in the tree ends, and every location of it comes once', async () => {
    await fixture.server.query(
      'hq_main',
      `UPDATE locations_sqllocation SET parent_id = (SELECT id FROM locations_sqllocation WHERE location_id = 'clinic-2')
       WHERE location_id = 'state-1'`,
    );
    const records = await extractAll(hq, { kind: 'location', ids: ['clinic-2'] });
    assert.deepEqual(records.map(({ id }) => id).sort(), ['clinic-1', 'clinic-2', 'district-1', 'state-1']);
    await fixture.server.query(
      'hq_main',
      `UPDATE locations_sqllocation SET parent_id = NULL WHERE location_id = 'state-1'`,
    );
  });

  test('a subtree larger than one query comes whole', async () => {
    await fixture.server.query(
      'hq_main',
      `INSERT INTO locations_sqllocation (domain, name, location_id, location_type_id, site_code, created_at,
         last_modified, parent_id)
       SELECT domain, 'Many', 'many-' || n, location_type_id, 'many-' || n, created_at, last_modified, parent_id
       FROM locations_sqllocation, generate_series(1, 1200) n WHERE location_id = 'clinic-2'`,
    );
    const records = await extractAll(hq, { kind: 'location', ids: ['state-1'] });
    assert.equal(records.length, 1_204);
    assert.equal(new Set(records.map(({ id }) => id)).size, 1_204);
  });
});

function upsert(record: Extracted | undefined): Upsert {
  assert.ok(record?.op === 'upsert', `not an upsert: ${JSON.stringify(record)}`);
  return record;
}
