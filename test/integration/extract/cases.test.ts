import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DomainConfig } from '../../../orchestrator/config/lake.js';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { fixedColumns } from '../../../orchestrator/shape/fixed-columns.js';
import type { Extracted, Upsert } from '../../../orchestrator/types.js';
import { CONFIG, DOMAIN, HqFixture, extractAll } from './hq-fixture.js';

describe('cases from HQ', () => {
  let fixture: HqFixture;
  let hq: HqSource;
  before(async () => {
    fixture = await HqFixture.create();
    hq = fixture.open();
    await fixture.addLocationTree();
    for (const [user, place] of [
      ['worker', 'clinic-1'],
      ['roamer', 'district-1'],
      ['stranger', 'elsewhere'],
    ] as const)
      await fixture.addUsercase('hq_p2', user, place);
  });
  after(async () => {
    await hq.close();
    await fixture.remove();
  });

  test('a live case brings its columns, its properties apart from them, and its indices in order', async () => {
    await fixture.addCase('hq_p2', {
      case_id: 'whole',
      name: 'Asha',
      owner_id: 'clinic-1',
      modified_by: 'roamer',
      opened_on: '2024-01-31T23:59:59.999999Z',
      opened_by: 'worker',
      external_id: 'x1',
      location_id: 'supply-1',
      case_json:
        '{"name":"a property","weight":"3.1","visit":{"@date":"2024-01-01"},"nul":"a\\u0000b","__proto__":"p"}',
    });
    for (const [identifier, referenced, relationship] of [
      ['mother', 'm1', 1],
      ['host', 'h1', 2],
      ['Removed', '', 1],
    ] as const)
      await fixture.insert('hq_p2', 'form_processor_commcarecaseindexsql', {
        ...{
          case_id: 'whole',
          domain: DOMAIN,
          identifier,
          referenced_id: referenced,
          referenced_type: 'mother',
        },
        relationship_id: relationship,
      });
    const [record, ...others] = await extractAll(hq, { kind: 'case', ids: ['whole'] });
    assert.deepEqual(others, []);
    const { tree, ...rest } = upsert(record);
    assert.equal(
      JSON.stringify(tree),
      '{"name":"a property","weight":"3.1","visit":{"@date":"2024-01-01"},"nul":"a\\u0000b","__proto__":"p"}',
    );
    assert.deepEqual(rest, {
      op: 'upsert',
      kind: 'case',
      domain: DOMAIN,
      id: 'whole',
      type: 'child',
      rev: '2024-05-02T09:14:04.000001Z',
      month: '2024-01-01',
      fields: {
        doc_type: 'CommCareCase',
        domain: DOMAIN,
        type: 'child',
        name: 'Asha',
        owner_id: 'clinic-1',
        user_id: 'roamer',
        modified_by: 'roamer',
        opened_on: '2024-01-31T23:59:59.999999Z',
        opened_by: 'worker',
        modified_on: '2024-05-02T09:14:03.000000Z',
        server_modified_on: '2024-05-02T09:14:04.000001Z',
        closed: false,
        closed_on: null,
        closed_by: null,
        external_id: 'x1',
        supply_point_location_id: 'supply-1',
        location_id: 'clinic-1',
        state_id: 'state-1',
        district_id: 'district-1',
        clinic_id: 'clinic-1',
      },
      indices: [
        { identifier: 'host', referenced_id: 'h1', referenced_type: 'mother', relationship: 'extension' },
        { identifier: 'mother', referenced_id: 'm1', referenced_type: 'mother', relationship: 'child' },
      ],
    });
  });

  test('the fields are exactly the fixed columns of its kind', async () => {
    const [record] = await extractAll(hq, { kind: 'case', ids: ['whole'] });
    const columns = fixedColumns('case', CONFIG.location_levels).map(({ name }) => name);
    assert.deepEqual(record?.op === 'upsert' && Object.keys(record.fields).sort(), columns.sort());
  });

  test('deleted, emptied, unlisted, foreign and absent cases are deletes', async () => {
    await fixture.addCase('hq_p1', { case_id: 'deleted', deleted: true, deleted_on: '2024-05-03T00:00:00Z' });
    await fixture.addCase('hq_p1', { case_id: 'emptied', deleted: true });
    await fixture.addCase('hq_p1', { case_id: 'stamped', deleted_on: '2024-05-03T00:00:00Z' });
    await fixture.addCase('hq_p1', { case_id: 'retyped', type: 'unlisted' });
    await fixture.addCase('hq_p1', { case_id: 'foreign', domain: 'another' });
    const ids = ['deleted', 'emptied', 'stamped', 'retyped', 'foreign', 'absent'];
    const records = await extractAll(hq, { kind: 'case', ids, isListed: (type) => type === 'child' });
    assert.deepEqual(
      records,
      ids.map((id) => ({ op: 'delete', kind: 'case', domain: DOMAIN, id })),
    );
  });

  test('case_json that is no JSON object is unreadable; a case without opened_on has no month', async () => {
    await fixture.addCase('hq_p1', { case_id: 'torn', case_json: '{"a":' });
    await fixture.addCase('hq_p1', { case_id: 'list', case_json: '[1]' });
    await fixture.addCase('hq_p1', {
      case_id: 'deep',
      case_json: '{"a":'.repeat(2_000) + '1' + '}'.repeat(2_000),
    });
    await fixture.addCase('hq_p1', { case_id: 'undated' });
    const records = await extractAll(hq, { kind: 'case', ids: ['torn', 'list', 'deep', 'undated'] });
    assert.deepEqual(
      records.map((record) => (record.op === 'unreadable' ? record.reason : upsert(record).month)),
      [
        'case_json is not valid JSON',
        'case_json is not a JSON object',
        'case_json nests deeper than 1000',
        null,
      ],
    );
  });

  test('the place of a case is its owner, then its owner as a user, then who changed it last', async () => {
    const cases = [
      { case_id: 'of-location', owner_id: 'district-1', modified_by: 'worker', place: 'district-1' },
      { case_id: 'of-user', owner_id: 'worker', modified_by: 'roamer', place: 'clinic-1' },
      { case_id: 'of-group', owner_id: 'group', modified_by: 'roamer', place: 'district-1' },
      { case_id: 'of-nobody', owner_id: '-', modified_by: '', place: null },
      { case_id: 'out-of-domain', owner_id: 'foreign-1', modified_by: 'stranger', place: null },
    ];
    for (const { case_id, owner_id, modified_by } of cases)
      await fixture.addCase('hq_p1', { case_id, owner_id, modified_by });
    const records = await extractAll(hq, { kind: 'case', ids: cases.map(({ case_id: id }) => id) });
    assert.deepEqual(
      records.map((record) => upsert(record).fields['location_id']),
      cases.map(({ place }) => place),
    );
    assert.deepEqual(
      records.map((record) => upsert(record).fields['clinic_id']),
      [null, 'clinic-1', null, null, null],
    );
  });

  test('record_location sets the order, and a level whose column HQ has already gets a column of its own', async () => {
    await fixture.addCase('hq_p1', { case_id: 'both', owner_id: 'clinic-2', modified_by: 'worker' });
    const domainConfig: DomainConfig = {
      ...CONFIG,
      record_location: ['user', 'owner'],
      location_levels: ['state', 'owner'],
    };
    const [record] = await extractAll(hq, { kind: 'case', ids: ['both'], domainConfig });
    const { fields } = upsert(record);
    assert.equal(fields['location_id'], 'clinic-1');
    assert.equal(fields['owner_id'], 'clinic-2');
    assert.equal(fields['owner_id__8b848a68'], null);
  });

  test('the place of a form is that of its submitter', async () => {
    await fixture.addForm(
      'hq_p1',
      { form_id: 'by-worker', user_id: 'worker' },
      '<data xmlns="x"><a>1</a></data>',
    );
    const [record] = await extractAll(hq, { kind: 'form', ids: ['by-worker'] });
    const { fields } = upsert(record);
    assert.deepEqual(
      [fields['location_id'], fields['state_id'], fields['district_id'], fields['clinic_id']],
      ['clinic-1', 'state-1', 'district-1', 'clinic-1'],
    );
  });
});

function upsert(record: Extracted | undefined): Upsert {
  assert.ok(record?.op === 'upsert', `not an upsert: ${JSON.stringify(record)}`);
  return record;
}
