import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Kafka, logLevel } from 'kafkajs';
import { openHqWorld } from '../helpers/hq-world.js';
import { startS3Server } from '../helpers/s3-server.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { steppedClock } from '../hq-sim/clock.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import { statusOf } from '../hq-sim/status.js';

/** The simulator against the real services of the stack. */
const PLACES = [
  { code: 'state', name: 'State' },
  { code: 'flwc', name: 'FLWC', parentCode: 'state' },
];

const caseRow = 'SELECT * FROM form_processor_commcarecasesql WHERE case_id = $1';
const formRow = 'SELECT * FROM form_processor_xforminstancesql WHERE form_id = $1';

test('a submitted form is a row, a gzip blob and its meta, and is announced before its cases', async (t) => {
  const { hq, domain, blobs, said, one } = await openHqWorld(t, 3);
  const formId = await hq.submitCases(domain, [
    { caseId: 'c1', create: { type: 'child', name: 'A', ownerId: 'l1' }, update: { x: '1' } },
  ]);
  const form = await one(formRow, formId);
  assert.equal(form?.['state'], 1);
  const meta = await one<{ key: string; content_length: string; compressed_length: string }>(
    'SELECT * FROM blobs_blobmeta WHERE parent_id = $1',
    formId,
  );
  assert.ok(meta !== undefined);
  const stored = readFileSync(join(blobs, meta.key));
  assert.equal(stored.length, Number(meta.compressed_length));
  assert.equal(gunzipSync(stored).length, Number(meta.content_length));
  const [first, second] = said();
  assert.deepEqual([first?.topic, first?.change['document_id']], ['form-sql', formId]);
  assert.deepEqual([second?.topic, second?.change['document_id']], ['case-sql', 'c1']);
  assert.equal(second?.change['associated_document_id'], formId);
  assert.deepEqual(Object.keys(first?.change ?? {}), [
    'document_id',
    'document_rev',
    'data_source_type',
    'data_source_name',
    'document_type',
    'document_subtype',
    'domain',
    'is_deletion',
    'publish_timestamp',
    'attempts',
    'original_publication_datetime',
    'associated_document_id',
  ]);
});

test('an edit keeps the id, moves the old version aside unannounced and rebuilds both versions’ cases', async (t) => {
  const { hq, domain, said, one } = await openHqWorld(t, 2);
  const formId = await hq.submitCases(domain, [
    { caseId: 'kept', create: { type: 'child', name: 'A', ownerId: 'l1' }, update: { x: '1' } },
    { caseId: 'lost', create: { type: 'child', name: 'B', ownerId: 'l1' }, update: { x: '1' } },
  ]);
  said();
  const xml = (await hq.formXml(formId)).replaceAll('<x>1</x>', '<x>2</x>').replace('"lost"', '"won"');
  await hq.editForm(xml, { domain });
  const form = await one(formRow, formId);
  const old = await one('SELECT * FROM form_processor_xforminstancesql WHERE orig_id = $1', formId);
  assert.deepEqual([form?.['state'], old?.['state'], form?.['deprecated_form_id']], [1, 4, old?.['form_id']]);
  assert.equal(form?.['edited_on'], old?.['edited_on']);
  assert.equal(form?.['received_on'], old?.['received_on']);
  assert.equal(await hq.formXml(formId), xml);
  assert.match(await hq.formXml(String(old?.['form_id'])), /<x>1<\/x>/);
  assert.equal((await one(caseRow, 'kept'))?.['case_json'], '{"x":"2"}');
  assert.equal((await one(caseRow, 'won'))?.['deleted'], false);
  assert.equal((await one(caseRow, 'lost'))?.['deleted'], true);
  assert.ok(!said().some(({ change }) => change['document_id'] === old?.['form_id']));
});

test('archiving rebuilds the cases; one that no form is left of is deleted but keeps its subtype', async (t) => {
  const { hq, domain, said, one } = await openHqWorld(t, 2);
  const first = await hq.submitCases(domain, [
    { caseId: 'c1', create: { type: 'child', name: 'A', ownerId: 'l1' }, update: { x: '1' } },
  ]);
  const second = await hq.submitCases(domain, [{ caseId: 'c1', update: { x: '2', case_type: 'kid' } }]);
  const before = await one(formRow, second);
  await hq.archiveForm(second);
  assert.deepEqual(
    [(await one(caseRow, 'c1'))?.['type'], (await one(caseRow, 'c1'))?.['case_json']],
    ['child', '{"x":"1"}'],
  );
  assert.equal((await one(formRow, second))?.['server_modified_on'], before?.['server_modified_on']);
  said();
  await hq.archiveForm(first);
  const [form, emptied] = said().map(({ change }) => change);
  assert.deepEqual([form?.['document_type'], form?.['is_deletion']], ['XFormArchived', false]);
  assert.deepEqual(
    [emptied?.['document_type'], emptied?.['document_subtype'], emptied?.['is_deletion']],
    ['CommCareCase', 'child', true],
  );
  const row = await one(caseRow, 'c1');
  assert.deepEqual([row?.['deleted'], row?.['deleted_on']], [true, null]);
  await hq.unarchiveForm(first);
  assert.equal((await one(caseRow, 'c1'))?.['deleted'], false);
});

test('explicit deletes name no subtype, undeletes are ordinary saves, a purge is silent and leaves a tombstone', async (t) => {
  const { hq, domain, blobs, said, one } = await openHqWorld(t, 2);
  const formId = await hq.submitCases(domain, [
    { caseId: 'c1', create: { type: 'child', name: 'A', ownerId: 'l1' } },
  ]);
  said();
  await hq.deleteForms(domain, [formId]);
  await hq.deleteCases(domain, ['c1']);
  assert.deepEqual(
    said().map(({ change }) => [change['document_type'], change['document_subtype'], change['is_deletion']]),
    [
      ['XFormInstance-Deleted', null, true],
      ['CommCareCase-Deleted', null, true],
    ],
  );
  await hq.republish([formId, 'c1']);
  assert.ok(said().every(({ change }) => change['is_deletion'] === false));
  await hq.undeleteForms(domain, [formId]);
  await hq.undeleteCases(domain, ['c1']);
  assert.deepEqual(
    said().map(({ change }) => [change['document_type'], change['is_deletion']]),
    [
      ['XFormInstance', false],
      ['CommCareCase', false],
    ],
  );
  await hq.purgeForms(domain, [formId]);
  await hq.purgeCases(domain, ['c1']);
  assert.deepEqual(said(), []);
  assert.equal(await one(formRow, formId), undefined);
  assert.deepEqual(readdirSync(blobs), []);
  const tombstone = await one('SELECT * FROM cleanup_deletedsqldoc WHERE doc_id = $1', 'c1');
  assert.equal(tombstone?.['object_class_path'], 'form_processor.CommCareCase');
});

test('the same XML again is a duplicate, broken XML a submission error, a bad case block an error', async (t) => {
  const { hq, domain, said, one } = await openHqWorld(t, 2);
  const formId = await hq.submitCases(domain, [
    { caseId: 'c1', create: { type: 'child', name: 'A', ownerId: 'l1' } },
  ]);
  const xml = await hq.formXml(formId);
  said();
  const again = await hq.submitForm(xml, { domain });
  await hq.submitForm('<data', { domain });
  await hq.submitForm(xml.replace('case_id="c1" ', '').replaceAll(formId, 'faulty'), { domain });
  assert.deepEqual(
    said().map(({ change }) => [change['document_type'], change['document_subtype']]),
    [
      ['XFormDuplicate', 'http://commcarehq.org/case'],
      ['SubmissionErrorLog', ''],
      ['XFormError', 'http://commcarehq.org/case'],
    ],
  );
  assert.equal((await one(formRow, again))?.['orig_id'], formId);
});

test('moving or renaming a parent announces that row only; archiving each row; a delete before it happens', async (t) => {
  const { hq, domain, said, one } = await openHqWorld(t, 0);
  await hq.createLocationTypes(domain, PLACES);
  await hq.createLocations(domain, [
    { name: 'S', typeCode: 'state', siteCode: 's', locationId: 'top' },
    { name: 'T', typeCode: 'state', siteCode: 't', locationId: 'other' },
    { name: 'F', typeCode: 'flwc', siteCode: 'f', locationId: 'leaf', parentId: 'top' },
  ]);
  said();
  const ids = (): unknown[] => said().map(({ change }) => [change['document_id'], change['is_deletion']]);
  await hq.renameLocation('top', 'S2');
  assert.deepEqual(ids(), [['top', false]]);
  await hq.archiveLocation('top');
  assert.deepEqual(ids(), [
    ['top', false],
    ['leaf', false],
  ]);
  await hq.unarchiveLocation('leaf');
  assert.deepEqual(ids(), [
    ['leaf', false],
    ['top', false],
  ]);
  await hq.moveLocation('leaf', 'other');
  assert.deepEqual(ids(), [['leaf', false]]);
  await hq.editLocationType(domain, 'flwc', { name: 'Centre' });
  assert.deepEqual(ids(), []);
  await hq.deleteLocation('other');
  assert.deepEqual(ids(), [
    ['other', true],
    ['leaf', true],
  ]);
  assert.equal(await one('SELECT * FROM locations_sqllocation WHERE location_id = $1', 'leaf'), undefined);
});

test('a worker’s place is in her usercase, found by external_id', async (t) => {
  const { hq, domain, one } = await openHqWorld(t, 2);
  const worker = { userId: 'u1', username: 'asha', caseId: 'uc1' };
  await hq.saveUser(domain, { ...worker, locationId: 'l1' });
  await hq.saveUser(domain, { ...worker, locationId: 'l2' });
  const row = await one<{ external_id: string; type: string; case_json: string }>(caseRow, 'uc1');
  assert.deepEqual([row?.external_id, row?.type], ['u1', 'commcare-user']);
  assert.match(row?.case_json ?? '', /"commcare_location_id":"l2"/);
});

test('the small programme loads once, in every kind of store', async (t) => {
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const { hq } = await openHqWorld(t, 2, { clock });
  const first = await loadProgramme(hq, clock, { forms: 300 });
  assert.deepEqual([first.loaded, Math.abs(first.forms - 300) <= 3], [true, true]);
  const status = await statusOf(hq, 'nutrition-demo');
  assert.equal(status.locations, 31);
  assert.ok((status.forms['archived'] ?? 0) > 0 && (status.forms['deleted'] ?? 0) > 0);
  assert.ok((status.forms['deprecated'] ?? 0) > 0 && status.tombstones > 0);
  assert.equal((await loadProgramme(hq, clock, { forms: 300 })).loaded, false);
  assert.deepEqual(await statusOf(hq, 'nutrition-demo'), status);
});

test('forms are stored raw or gzip in S3 under the key HQ names', async (t) => {
  const s3 = await startS3Server();
  t.after(() => s3.close());
  const { hq, domain, one } = await openHqWorld(t, 1, { blobStore: 's3://blobdb', s3 });
  const xml = '<data xmlns="http://example.org/a"><meta><instanceID>f1</instanceID></meta></data>';
  await hq.submitForm(xml, { domain, compress: false, blobKey: 'old/bucket/form.xml.1' });
  const meta = await one('SELECT * FROM blobs_blobmeta WHERE parent_id = $1', 'f1');
  assert.deepEqual([meta?.['key'], meta?.['compressed_length']], ['old/bucket/form.xml.1', null]);
  assert.equal(await hq.formXml('f1'), xml);
});

test('messages reach Kafka keyed by id, spread over partitions or forced to one', async (t) => {
  const brokers = [
    `${stackVariable('KAFKA_BOOTSTRAP_SERVER_HOST')}:${stackVariable('KAFKA_BOOTSTRAP_SERVER_PORT')}`,
  ];
  const kafka = new Kafka({ clientId: 'hq-sim-test', brokers, logLevel: logLevel.NOTHING });
  const topic = `hq-sim-${randomBytes(5).toString('hex')}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
  t.after(async () => {
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });
  const { hq, domain } = await openHqWorld(t, 1, { kafka: { brokers } });
  const change = {
    document_id: 'f1',
    data_source_name: 'form-sql',
    document_type: 'XFormInstance',
    document_subtype: 'x',
    domain,
    is_deletion: false,
  };
  for (let time = 0; time < 3; time++) await hq.publish(topic, change);
  await hq.publish(topic, change, { partition: 2 });
  await hq.publishRaw(topic, null, 'not JSON', { partition: 2 });
  const offsets = await admin.fetchTopicOffsets(topic);
  assert.deepEqual(offsets.map(({ partition, high }) => [partition, high]).sort(), [
    [0, '1'],
    [1, '1'],
    [2, '3'],
  ]);
});
