import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyUpdate, newCase, type CaseState } from '../../hq-sim/case-model.js';
import { caseUpdatesOf } from '../../hq-sim/case-xml.js';
import { parseXml } from '../../hq-sim/xml-tree.js';

const CASE = 'xmlns="http://commcarehq.org/case/transaction/v2"';
const NOW = '2026-01-31T00:00:00.000000Z';

/** The case after these blocks, each in a form of its own. */
function caseAfter(...blocks: string[]): CaseState {
  const state = newCase('demo', 'c1', NOW);
  for (const block of blocks) {
    for (const update of caseUpdatesOf(parseXml(`<data xmlns="x"><group>${block}</group></data>`))) {
      applyUpdate(state, update, 'form-user', NOW);
    }
  }
  return state;
}

test('known properties go to columns, the others to case_json as submitted', () => {
  const { row, properties } = caseAfter(
    `<case ${CASE} case_id="c1" user_id="u1" date_modified="2026-01-02T10:00:00+05:30">
       <create><case_type>child</case_type><case_name>Zoë</case_name><owner_id>l1</owner_id><ignored>1</ignored></create>
       <update><dob>2025-01-01</dob><seen>2026-01-02T10:00:00+05:30</seen><blank/><external_id>e1</external_id>
         <date_opened>2026-01-01</date_opened><location_id>sp1</location_id></update></case>`,
  );
  assert.deepEqual(properties, { dob: '2025-01-01', seen: '2026-01-02T10:00:00+05:30', blank: '' });
  assert.deepEqual(
    [row.type, row.name, row.owner_id, row.external_id, row.location_id, row.opened_by, row.modified_by],
    ['child', 'Zoë', 'l1', 'e1', 'sp1', 'u1', 'u1'],
  );
  assert.equal(row.opened_on, '2026-01-01T00:00:00.000000Z');
  assert.equal(row.modified_on, '2026-01-02T04:30:00.000000Z');
  assert.equal(row.case_json, JSON.stringify(properties));
});

test('an element with attributes or children is stored as an object, of repeated ones the last stays', () => {
  const { properties } = caseAfter(
    `<case ${CASE} case_id="c1"><update><photo src="a.jpg" from="local"/><gps acc="3">1 2</gps><n>1</n><n>2</n>
       <deep><a>1</a><a>2</a></deep></update></case>`,
  );
  assert.deepEqual(properties, {
    photo: { '@src': 'a.jpg', '@from': 'local' },
    gps: { '@acc': '3', '#text': '1 2' },
    n: '2',
    deep: { a: ['1', '2'] },
  });
});

test('an index with an empty id is removed, an index is a child unless it says extension', () => {
  const made = `<case ${CASE} case_id="c1"><index><parent case_type="m">m1</parent>
    <host case_type="h" relationship="extension">h1</host></index></case>`;
  const both = caseAfter(made);
  assert.deepEqual(
    [...both.indices.values()].map((index) => [index.identifier, index.referenced_id, index.relationship_id]),
    [
      ['parent', 'm1', 1],
      ['host', 'h1', 2],
    ],
  );
  const one = caseAfter(made, `<case ${CASE} case_id="c1"><index><parent case_type="m"/></index></case>`);
  assert.deepEqual([...one.indices.keys()], ['host']);
});

test('a case type can change, an empty known property changes nothing, a close closes', () => {
  const { row } = caseAfter(
    `<case ${CASE} case_id="c1"><create><case_type>a</case_type><case_name>N</case_name></create></case>`,
    `<case ${CASE} case_id="c1" date_modified="2026-02-03T00:00:00Z"><update><case_type>b</case_type><case_name/>
       </update><close/></case>`,
  );
  assert.deepEqual([row.type, row.name, row.closed, row.closed_by], ['b', 'N', true, 'form-user']);
  assert.equal(row.closed_on, '2026-02-03T00:00:00.000000Z');
});

test('a case block stands anywhere, but only in the case namespace', () => {
  const updates = caseUpdatesOf(
    parseXml(
      `<data xmlns="x"><case case_id="no"><update/></case><items><item><case ${CASE} case_id="deep"/></item></items></data>`,
    ),
  );
  assert.deepEqual(
    updates.map((update) => update.caseId),
    ['deep'],
  );
});

test('a block without case_id and an index without case_type make the form faulty', () => {
  const faulty = (block: string) => () => caseUpdatesOf(parseXml(`<data xmlns="x">${block}</data>`));
  assert.throws(faulty(`<case ${CASE}/>`), { code: 'RECORD_UNREADABLE' });
  assert.throws(faulty(`<case ${CASE} case_id="c"><index><p>1</p></index></case>`), {
    code: 'RECORD_UNREADABLE',
  });
});
