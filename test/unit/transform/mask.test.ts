import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { MaskWay } from '../../../orchestrator/config/maskable.js';
import { recordMask } from '../../../orchestrator/transform/mask-record.js';
import type { JsonObject, JsonValue, Upsert } from '../../../orchestrator/types.js';
import { aCase, aForm, aLocation } from './records.js';

const KEY = 'a key of thirty-two letters or more';
const LEVELS = ['state', 'district', 'flwc'];
const hash = (text: string): string => createHmac('sha256', KEY).update(text).digest('hex');

function masked(record: Upsert, way: MaskWay, ...columns: string[]): Upsert {
  return recordMask(record.kind, LEVELS, { columns, with: way }, KEY)(structuredClone(record));
}

/** A `case_json` after a mask. */
function tree(given: JsonObject, way: MaskWay, ...columns: string[]): JsonValue {
  return masked(aCase(given), way, ...columns).tree;
}

test('a hash is keyed, the same for the same text, and leaves empty and absent values as they are', () => {
  assert.deepEqual(
    tree(
      { phone: '0123', other: '0123', none: null, empty: '' },
      'hash',
      'case_json__phone',
      'case_json__none',
      'case_json__empty',
    ),
    { phone: hash('0123'), other: '0123', none: null, empty: '' },
  );
  // Numbers and truths are hashed as the text they would be in the lake.
  assert.deepEqual(tree({ a: 12, b: true }, 'hash', 'case_json__a', 'case_json__b'), {
    a: hash('12'),
    b: hash('true'),
  });
});

test('a mask keeps lists lists and objects objects, and reaches all that lies below', () => {
  const given = {
    kin: [{ name: 'A', phones: ['1', ['2', null]], note: null }, 'B', 3],
    kind: 'x',
    group: { kin: 'C', deep: { er: 'D' } },
  };
  assert.deepEqual(tree(given, 'hash', 'case_json__kin', 'case_json__group'), {
    kin: [{ name: hash('A'), phones: [hash('1'), [hash('2'), null]], note: null }, hash('B'), hash('3')],
    kind: 'x',
    group: { kin: hash('C'), deep: { er: hash('D') } },
  });
  assert.deepEqual(tree(given, 'drop', 'case_json__kin', 'case_json__group__deep'), {
    kind: 'x',
    group: { kin: 'C' },
  });
});

test('a column is named as in the lake: lists on the way and case make no difference, encoded names neither', () => {
  for (const name of [
    'case_json__visits__weight',
    'case_json__Visits[].weight',
    'CASE_JSON__VISITS[].WEIGHT[]',
  ]) {
    assert.deepEqual(
      tree({ visits: [{ weight: '2', x: '1' }, { Weight: ['3'] }] }, 'drop', name),
      { visits: [{ x: '1' }, {}] },
      name,
    );
    assert.deepEqual(tree({ visits: { weight: '2', x: '1' } }, 'drop', name), { visits: { x: '1' } }, name);
    assert.deepEqual(tree({ visits: [[{ weight: '2' }]] }, 'drop', name), { visits: [[{}]] }, name);
  }
  assert.deepEqual(tree({ 'a b': '1', c: '2' }, 'drop', 'case_json__a~20b'), { c: '2' });
  assert.deepEqual(tree({ 'a b': '1', c: '2' }, 'drop', 'case_json__a b'), { c: '2' });
});

test('rather too much than too little: both of two columns equal ignoring case, and what is spelled like a path below', () => {
  assert.deepEqual(tree({ DOB: '1', dob: '2' }, 'drop', 'case_json__dob'), {});
  assert.deepEqual(tree({ DOB: '1', dob: '2' }, 'drop', 'case_json__dob__1a2b3c4d'), {});
  assert.deepEqual(
    tree({ phone__home: '1', phones: '2', phone: { work: '3' } }, 'drop', 'case_json__phone'),
    { phones: '2' },
  );
  assert.deepEqual(tree({ phone__home: '1' }, 'drop', 'case_json__phone__home'), {});
});

test('the text of an element that is plain here and has attributes there is one column', () => {
  const form = aForm({ a: [{ '#text': 'x', '@k': 'y' }, 'z'], b: 'w', c: { '#text': 'v', '@k': 'u' } });
  assert.deepEqual(masked(form, 'hash', 'form__a__#text', 'form__b__#text', 'form__c').tree, {
    a: [{ '#text': hash('x'), '@k': 'y' }, hash('z')],
    b: hash('w'),
    c: { '#text': hash('v'), '@k': hash('u') },
  });
});

test('keys that JavaScript objects have by birth are keys like any other', () => {
  const given = JSON.parse('{"__proto__": "a", "constructor": {"x": "b"}, "toString": "c"}') as JsonObject;
  const after = tree(
    given,
    'hash',
    'case_json____proto__',
    'case_json__constructor__x',
    'case_json__toString',
  );
  assert.equal(
    JSON.stringify(after),
    `{"__proto__":"${hash('a')}","constructor":{"x":"${hash('b')}"},"toString":"${hash('c')}"}`,
  );
});

test('the year of a date as people write it; of anything else nothing', () => {
  const years: Readonly<Record<string, string | null>> = {
    '1990-05-06': '1990',
    '1990-05-06T10:00:00.000Z': '1990',
    '1990-05-06 10:00': '1990',
    ' 1990/5/6 ': '1990',
    '06-05-1990': '1990',
    '6/5/1990': '1990',
    '1990-05': '1990',
    '1990': '1990',
    '': '',
    '0123456789': null,
    'May 1990': null,
    '6/5/90': null,
    '1990-05-06, Ram': null,
  };
  for (const [text, year] of Object.entries(years))
    assert.deepEqual(tree({ dob: text }, 'year', 'case_json__dob'), { dob: year }, text);
  assert.deepEqual(tree({ dob: ['1990-01-01', 1991] }, 'year', 'case_json__dob'), { dob: ['1990', '1991'] });
});

test("HQ's own fields are masked in the form of their type", () => {
  const record = aCase(
    {},
    { name: 'Asha', external_id: '', opened_on: '2026-03-04T05:06:07.000000Z', closed: true, owner_id: 'o' },
  );
  assert.deepEqual(masked(record, 'hash', 'NAME', 'external_id').fields, {
    ...record.fields,
    name: hash('Asha'),
  });
  assert.deepEqual(masked(record, 'year', 'opened_on').fields, {
    ...record.fields,
    opened_on: '2026-01-01T00:00:00.000000Z',
  });
  assert.deepEqual(masked(record, 'drop', 'closed', 'owner_id').fields, {
    ...record.fields,
    closed: null,
    owner_id: null,
  });
  // What finds and orders a record is not in its fields.
  const { id, rev, month, type, domain } = masked(record, 'drop', 'name', 'opened_on');
  assert.deepEqual(
    { id, rev, month, type, domain },
    { id: 'case-1', rev: record.rev, month: '2026-01-01', type: 'child', domain: 'd' },
  );
});

test('one value in two columns is masked in both', () => {
  const record = aCase(
    {},
    {
      user_id: 'u',
      modified_by: 'u',
      opened_by: 'u',
      location_id: 'L3',
      state_id: 'L1',
      district_id: 'L2',
      flwc_id: 'L3',
    },
  );
  assert.deepEqual(masked(record, 'hash', 'user_id').fields, {
    ...record.fields,
    user_id: hash('u'),
    modified_by: hash('u'),
  });
  assert.deepEqual(masked(record, 'drop', 'flwc_id').fields, {
    ...record.fields,
    flwc_id: null,
    location_id: null,
  });
  assert.deepEqual(masked(record, 'drop', 'district_id').fields, { ...record.fields, district_id: null });
  assert.deepEqual(masked(record, 'drop', 'location_id').fields, {
    ...record.fields,
    flwc_id: null,
    location_id: null,
  });
});

test('the names of places go in their own rows and in every row below', () => {
  const row = (code: string): Upsert =>
    aLocation({
      location_type_code: code,
      name: `a ${code}`,
      state_name: 'S',
      district_name: 'D',
      flwc_name: 'F',
      flwc_is_archived: false,
      is_archived: false,
    });
  assert.deepEqual(masked(row('flwc'), 'drop', 'name').fields, {
    ...row('flwc').fields,
    name: null,
    state_name: null,
    district_name: null,
    flwc_name: null,
  });
  assert.deepEqual(masked(row('flwc'), 'drop', 'flwc_name').fields, {
    ...row('flwc').fields,
    name: null,
    flwc_name: null,
  });
  assert.deepEqual(masked(row('state'), 'drop', 'flwc_name').fields, {
    ...row('state').fields,
    flwc_name: null,
  });
});

test('indices as a whole, or one of their fields', () => {
  const index = {
    identifier: 'parent',
    referenced_id: 'm',
    referenced_type: 'mother',
    relationship: 'child',
  };
  const record = { ...aCase({}), indices: [index] };
  assert.equal(masked(record, 'drop', 'indices').indices, undefined);
  assert.deepEqual(masked(record, 'hash', 'indices[].referenced_id').indices, [
    { ...index, referenced_id: hash('m') },
  ]);
  assert.deepEqual(masked(record, 'hash', 'indices').indices, [
    {
      identifier: hash('parent'),
      referenced_id: hash('m'),
      referenced_type: hash('mother'),
      relationship: hash('child'),
    },
  ]);
});
