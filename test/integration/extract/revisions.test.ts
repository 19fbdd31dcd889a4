import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HqSource, RevisionListing, RevisionOf } from '../../../orchestrator/extract/request.js';
import { dayOf, digestOf, momentText } from '../../../orchestrator/reconcile/digest.js';
import { DOMAIN, HqFixture, extractAll } from './hq-fixture.js';

const NOW = { newestPublishTimestamp: null };
/** Ids as hostile as HQ's columns let them be, and moments at the edges of days and years. */
const ODD_IDS = [
  'Ünïcode-🦠-ʼ',
  'it\'s "quoted" | \\ $1 -- /*',
  ' blank ',
  'a\tb\nc',
  '%_`{}',
  'x'.repeat(255),
];
const EDGES = [
  '1969-12-31T23:59:59.999999Z',
  '1970-01-01T00:00:00.000000Z',
  '2023-12-31T23:59:59.999999Z',
  '2024-01-01T00:00:00.000000Z',
  '2024-02-29T12:00:00.000001Z',
  '2038-01-19T03:14:08.123456Z',
];

describe('revisions of HQ’s records', () => {
  let fixture: HqFixture;
  let hq: HqSource;
  before(async () => {
    fixture = await HqFixture.create();
    hq = fixture.open();
  });
  after(async () => {
    await hq.close();
    await fixture.remove();
  });

  const rowsOf = async (listing: RevisionListing): Promise<RevisionOf[]> => {
    const rows: RevisionOf[] = [];
    for await (const part of hq.revisions.rows(listing, NOW)) rows.push(...part);
    return rows;
  };
  const sumsOf = async (listing: RevisionListing): Promise<Map<string, { rows: number; sum: bigint }>> => {
    const sums = new Map<string, { rows: number; sum: bigint }>();
    for await (const part of hq.revisions.sums(listing, NOW))
      for (const { type, day, rows, sum } of part) {
        const known = sums.get(`${type} ${day}`) ?? { rows: 0, sum: 0n };
        sums.set(`${type} ${day}`, { rows: known.rows + rows, sum: known.sum + sum });
      }
    return sums;
  };

  test('Postgres works out the same digests, days and sums as we do, of whatever id and moment', async () => {
    const expected = new Map<string, { rows: number; sum: bigint }>();
    let at = 0;
    for (const edge of EDGES)
      for (const odd of ODD_IDS) {
        const id = odd.length === 255 ? `${at}${odd}`.slice(0, 255) : `${odd}${at}`;
        await fixture.addCase(at++ % 2 === 0 ? 'hq_p1' : 'hq_p2', { case_id: id, server_modified_on: edge });
        const micros = BigInt(Date.parse(`${edge.slice(0, 19)}Z`)) * 1000n + BigInt(edge.slice(20, 26));
        assert.equal(momentText(micros), edge);
        const key = `child ${dayOf(micros)}`;
        const known = expected.get(key) ?? { rows: 0, sum: 0n };
        expected.set(key, { rows: known.rows + 1, sum: known.sum + digestOf(id, micros) });
      }
    for (const [id, row] of [
      ['gone', { deleted: true }],
      ['deleted', { deleted_on: '2024-01-01Z' }],
      ['elsewhere', { domain: 'another' }],
      ['not listed', { type: 'other' }],
    ] as const)
      await fixture.addCase('hq_p1', { case_id: id, ...row });
    const all: RevisionListing = { kind: 'case', domain: DOMAIN, types: ['child'], span: null };
    assert.deepEqual(await sumsOf(all), expected);
    const rows = await rowsOf(all);
    assert.equal(rows.length, at);
    const span = { from: '2023-12-31T00:00:00Z', until: '2024-01-01T00:00:00Z' };
    const day = await rowsOf({ ...all, span });
    assert.deepEqual(
      new Set(day.map(({ rev }) => momentText(rev))),
      new Set(['2023-12-31T23:59:59.999999Z']),
    );
    assert.equal((await sumsOf({ ...all, span })).size, 1);
    assert.deepEqual(
      await sumsOf({ ...all, types: null }).then((sums) =>
        [...sums.keys()].some((key) => key.startsWith('other')),
      ),
      true,
    );
  });

  test('a form’s revision is the one it is extracted with, also where HQ has no server_modified_on', async () => {
    const moments = [
      { server_modified_on: '2024-05-03T00:00:00.000001Z', edited_on: '2024-05-04Z' },
      { server_modified_on: null, edited_on: '2024-05-02T10:00:00.5Z' },
      { server_modified_on: null, edited_on: null },
    ];
    for (const [at, row] of moments.entries())
      await fixture.addForm('hq_p1', { form_id: `f${at}`, ...row }, '<data/>');
    await fixture.addForm('hq_p2', { form_id: 'archived', state: 2 }, null);
    const extracted = await extractAll(hq, { kind: 'form', ids: ['f0', 'f1', 'f2', 'archived'] });
    const revs = new Map(extracted.flatMap((each) => (each.op === 'upsert' ? [[each.id, each.rev]] : [])));
    const listing: RevisionListing = { kind: 'form', domain: DOMAIN, types: null, span: null };
    assert.deepEqual(new Map((await rowsOf(listing)).map(({ id, rev }) => [id, momentText(rev)])), revs);
    const span = { from: '2024-05-02T00:00:00Z', until: '2024-05-03T00:00:00Z' };
    const ofDay = (await rowsOf({ ...listing, span })).map(({ id }) => id);
    assert.deepEqual(ofDay.sort(), ['f1', 'f2'], 'each once, by when it came in');
    assert.deepEqual(
      [...(await sumsOf({ ...listing, span })).values()].map(({ rows }) => rows),
      [2],
    );
  });

  test('a location’s revision is the newest of its lineage and their types, as it is extracted', async () => {
    await fixture.addLocationTree();
    await fixture.server.query(
      'hq_main',
      "UPDATE locations_sqllocation SET last_modified = '2024-04-01T00:00:00.000007Z' WHERE location_id = 'state-1'",
    );
    const ids = ['state-1', 'district-1', 'clinic-1', 'clinic-2'];
    const extracted = await extractAll(hq, { kind: 'location', ids, alone: new Set(ids) });
    const revs = new Map(extracted.flatMap((each) => (each.op === 'upsert' ? [[each.id, each.rev]] : [])));
    assert.equal(revs.size, 4);
    const rows = await rowsOf({ kind: 'location', domain: DOMAIN, types: null, span: null });
    assert.deepEqual(new Map(rows.map(({ id, rev }) => [id, momentText(rev)])), revs);
    const some = await hq.revisions.of('location', DOMAIN, ['clinic-1', 'foreign-1', 'none'], NOW);
    assert.deepEqual(
      [...some].map(([id, { rev }]) => [id, momentText(rev)]),
      [['clinic-1', revs.get('clinic-1')]],
    );
  });

  test('of a record that stands in two shards while HQ splits one, the newer copy decides, also that it is gone', async () => {
    const old = { server_modified_on: '2024-06-01Z' };
    const young = { server_modified_on: '2024-06-02Z' };
    await fixture.addCase('hq_p1', { case_id: 'moved', ...old });
    await fixture.addCase('hq_p2', { case_id: 'moved', ...young });
    await fixture.addCase('hq_p1', { case_id: 'moved and gone', ...old });
    await fixture.addCase('hq_p2', { case_id: 'moved and gone', ...young, deleted: true });
    const found = await hq.revisions.of('case', DOMAIN, ['moved', 'moved and gone'], NOW);
    assert.deepEqual(
      [...found].map(([id, { type, rev }]) => [id, type, momentText(rev)]),
      [['moved', 'child', '2024-06-02T00:00:00.000000Z']],
    );
  });
});
