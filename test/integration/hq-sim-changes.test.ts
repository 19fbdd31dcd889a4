import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHqWorld } from '../helpers/hq-world.js';
import { BREAKS } from '../hq-sim/breaks.js';
import { CHANGES } from '../hq-sim/changes.js';
import { steppedClock } from '../hq-sim/clock.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import type { Hq } from '../hq-sim/hq.js';
import { parseXml } from '../hq-sim/xml-tree.js';

const SILENT = ['purge', 'purge-case', 'rename-location-type'];

test('every kind of change finds documents, happens to them and is announced as HQ does', async (t) => {
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const { hq, domain, said } = await openHqWorld(t, 2, { clock });
  await loadProgramme(hq, clock, { domain, forms: 60, months: 1, centres: 4 });
  said();
  for (const [kind, { act }] of Object.entries(CHANGES)) {
    // Some of what is deleted comes back, some is purged.
    const ids = await act(hq, {
      domain,
      count: kind === 'delete' || kind === 'delete-case' ? 6 : 2,
      salt: clock.next(),
    });
    assert.ok(ids.length > 0, `${kind} finds something`);
    const changes = said();
    assert.equal(changes.length === 0, SILENT.includes(kind), `${kind} announces ${changes.length}`);
    for (const { change } of changes) assert.equal(change['domain'], domain, kind);
  }
});

test('a form sent again, faulty or cut short is saved as HQ saves it; a retry keeps its first publication', async (t) => {
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const { hq, domain, said } = await openHqWorld(t, 2, { clock });
  await loadProgramme(hq, clock, { domain, forms: 40, months: 1, centres: 2 });
  said();
  for (const [kind, type] of [
    ['duplicate', 'XFormDuplicate'],
    ['form-error', 'XFormError'],
    ['submission-error', 'SubmissionErrorLog'],
    ['retry', 'XFormInstance'],
  ] as const) {
    await CHANGES[kind].act(hq, { domain, count: 1, salt: kind });
    const [{ change } = assert.fail(kind), ...others] = said();
    assert.deepEqual([change['document_type'], others], [type, []], kind);
    const first = change['original_publication_datetime'];
    assert.ok(typeof first === 'string' && typeof change['publish_timestamp'] === 'string');
    assert.equal(first < change['publish_timestamp'], kind === 'retry', kind);
  }
});

test('an emptied case is deleted with its type and no deleted_on; a deleted user takes forms and cases along', async (t) => {
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const { hq, domain, said, one } = await openHqWorld(t, 2, { clock });
  await loadProgramme(hq, clock, { domain, forms: 60, months: 1, centres: 2 });
  said();
  const [id = ''] = await CHANGES['empty-case'].act(hq, { domain, count: 1, salt: 'a' });
  const row = await one('SELECT * FROM form_processor_commcarecasesql WHERE case_id = $1', id);
  assert.deepEqual([row?.['deleted'], row?.['deleted_on'], row?.['type']], [true, null, 'child_care']);
  const last = said().findLast(({ change }) => change['document_id'] === id);
  assert.deepEqual(
    [last?.change['document_type'], last?.change['document_subtype'], last?.change['is_deletion']],
    ['CommCareCase', 'child_care', true],
  );
  const [usercase] = await CHANGES['delete-user'].act(hq, { domain, count: 1, salt: 'b' });
  const gone = said();
  assert.ok(gone.length > 1 && gone.every(({ change }) => change['document_subtype'] === null));
  assert.ok(gone.some(({ change }) => change['document_id'] === usercase));
});

test('every kind of bad input is made in HQ’s stores or on Kafka', async (t) => {
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const { hq, domain, said } = await openHqWorld(t, 2, { clock });
  await loadProgramme(hq, clock, { domain, forms: 40, months: 1, centres: 2 });
  said();
  for (const [kind, { act, what }] of Object.entries(BREAKS)) {
    const ids = await act(hq, { domain, count: 1, salt: kind, topic: 'form-sql' });
    assert.equal(ids.length, what.startsWith('messages') ? 0 : 1, kind);
    assert.deepEqual(
      said().map(({ change }) => change['document_id']),
      ids,
      `${kind} announces the damaged document`,
    );
    if (what.startsWith('forms')) await assert.rejects(parsedXml(hq, ids[0] ?? ''), kind);
  }
});

async function parsedXml(hq: Hq, formId: string): Promise<unknown> {
  return parseXml(await hq.formXml(formId));
}
