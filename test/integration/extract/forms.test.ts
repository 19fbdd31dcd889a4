import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LakeError } from '../../../orchestrator/errors.js';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { fixedColumns } from '../../../orchestrator/shape/fixed-columns.js';
import type { Extracted } from '../../../orchestrator/types.js';
import { CONFIG, DOMAIN, HqFixture, extractAll } from './hq-fixture.js';
import { startBucketServer } from '../storage/bucket-server.js';

const XMLNS = 'http://openrosa.org/formdesigner/visit';
const XML = `<data xmlns="${XMLNS}"><weight>3.1</weight><n1:meta xmlns:n1="http://openrosa.org/jr/xforms"><n1:timeEnd>2024-04-30T23:40:00.000+05:30</n1:timeEnd></n1:meta></data>`;

describe('forms from HQ', () => {
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

  test('a live form brings its fields, microseconds kept, and its XML as HQ shows it', async () => {
    await fixture.addForm(
      'hq_p2',
      {
        form_id: 'whole',
        app_id: 'app',
        user_id: 'u1',
        submit_ip: '10.0.0.1',
        auth_context: '{"doc_type":"AuthContext"}',
        date_header: '2024-05-02T14:44:03.5+05:30',
        edited_on: null,
      },
      XML,
    );
    const [form, ...others] = await extractAll(hq, { kind: 'form', ids: ['whole'] });
    assert.deepEqual(others, []);
    assert.deepEqual(form, {
      op: 'upsert',
      kind: 'form',
      domain: DOMAIN,
      id: 'whole',
      type: XMLNS,
      rev: '2024-05-02T09:14:04.000001Z',
      month: '2024-04-01',
      fields: {
        doc_type: 'XFormInstance',
        domain: DOMAIN,
        app_id: 'app',
        build_id: null,
        xmlns: XMLNS,
        user_id: 'u1',
        orig_id: null,
        deprecated_form_id: null,
        server_modified_on: '2024-05-02T09:14:04.000001Z',
        received_on: '2024-05-02T09:14:03.120394Z',
        edited_on: null,
        partial_submission: false,
        submit_ip: '10.0.0.1',
        last_sync_token: null,
        problem: null,
        date_header: '2024-05-02T09:14:03.500000Z',
        state: 1,
        initial_processing_complete: true,
        auth_context: '{"doc_type":"AuthContext"}',
        openrosa_headers: '{}',
        location_id: null,
        state_id: null,
        district_id: null,
        clinic_id: null,
      },
      tree: {
        '@xmlns': XMLNS,
        weight: '3.1',
        meta: { '@xmlns': 'http://openrosa.org/jr/xforms', timeEnd: '2024-04-30T18:10:00.000000Z' },
        '#type': 'data',
      },
    });
  });

  test('the fields are exactly the fixed columns of its kind', async () => {
    const [record] = await extractAll(hq, { kind: 'form', ids: ['whole'] });
    const columns = fixedColumns('form', CONFIG.location_levels).map(({ name }) => name);
    assert.deepEqual(record?.op === 'upsert' && Object.keys(record.fields).sort(), columns.sort());
  });

  test('archived, deleted, duplicate, errored, unlisted, foreign and absent forms are deletes', async () => {
    for (const state of [2, 4, 8, 16, 32])
      await fixture.addForm('hq_p1', { form_id: `state-${state}`, state }, XML);
    await fixture.addForm('hq_p1', { form_id: 'deleted', deleted_on: '2024-05-03T00:00:00Z' }, XML);
    await fixture.addForm('hq_p1', { form_id: 'unlisted', xmlns: 'http://other' }, null);
    await fixture.addForm('hq_p1', { form_id: 'foreign', domain: 'another' }, XML);
    const ids = [
      'state-2',
      'state-4',
      'state-8',
      'state-16',
      'state-32',
      'deleted',
      'unlisted',
      'foreign',
      'absent',
      'nul\0',
    ];
    const records = await extractAll(hq, { kind: 'form', ids, isListed: (type) => type === XMLNS });
    assert.deepEqual(
      records.sort(byId),
      ids.map((id) => ({ op: 'delete', kind: 'form', domain: DOMAIN, id })).sort(byId),
    );
  });

  test('raw and gzip blobs, and gzip that HQ did not note, read alike', async () => {
    await fixture.addForm('hq_p1', { form_id: 'raw' }, XML, false);
    await fixture.addForm('hq_p1', { form_id: 'unnoted' }, XML, false);
    await fixture.writeBlob('key-unnoted', gzipSync(XML));
    const records = await extractAll(hq, { kind: 'form', ids: ['raw', 'unnoted'] });
    assert.deepEqual(records.map(weightOf), ['3.1', '3.1']);
  });

  test('an edited form shows its newest XML, and its revision is when HQ last wrote it', async () => {
    await fixture.addForm(
      'hq_p1',
      { form_id: 'edited', server_modified_on: null, edited_on: '2024-06-01T00:00:00Z' },
      XML,
    );
    await fixture.addBlob(
      'hq_p1',
      'edited',
      'key-edited-again',
      Buffer.from(XML.replace('3.1', '4.2')),
      true,
    );
    const [form] = await extractAll(hq, { kind: 'form', ids: ['edited'] });
    assert.equal(weightOf(form), '4.2');
    assert.equal(form?.op === 'upsert' && form.rev, '2024-06-01T00:00:00.000000Z');
  });

  test('damaged documents are unreadable with reason and place, and harm no other', async () => {
    await fixture.addForm('hq_p1', { form_id: 'no-meta' }, null);
    await fixture.addForm('hq_p1', { form_id: 'gone' }, XML);
    await fixture.server.query(
      'hq_p1',
      `UPDATE blobs_blobmeta SET key = 'never-written' WHERE parent_id = 'gone'`,
    );
    await fixture.addForm('hq_p1', { form_id: 'torn' }, XML);
    await fixture.writeBlob('key-torn', gzipSync(XML).subarray(0, 60));
    await fixture.addForm('hq_p1', { form_id: 'not-gzip' }, XML);
    await fixture.writeBlob('key-not-gzip', Buffer.from(XML));
    await fixture.addForm('hq_p1', { form_id: 'bad-xml' }, '<data>\n<open></data>');
    await fixture.addForm('hq_p1', { form_id: 'entity' }, '<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>');
    await fixture.addForm('hq_p1', { form_id: 'outside' }, null);
    await fixture.insert('hq_p1', 'blobs_blobmeta', {
      ...{
        domain: DOMAIN,
        parent_id: 'outside',
        name: 'form.xml',
        key: '../../etc/passwd',
        type_code: 2,
        content_length: 1,
      },
    });
    await fixture.addForm('hq_p1', { form_id: 'sound' }, XML);
    const ids = ['no-meta', 'gone', 'torn', 'not-gzip', 'bad-xml', 'entity', 'outside', 'sound'];
    const records = await extractAll(hq, { kind: 'form', ids });
    assert.deepEqual(
      records.map((record) =>
        record.op === 'unreadable' ? [record.id, record.reason, record.where] : [record.id],
      ),
      [
        ['no-meta', 'the form has no form.xml', 'blobs_blobmeta'],
        ['gone', 'the blob is missing', 'blob never-written'],
        ['torn', 'the gzip of the blob is damaged', 'blob key-torn'],
        ['not-gzip', 'the blob is not gzip although HQ stored it so', 'blob key-not-gzip'],
        ['bad-xml', 'form XML does not parse at line 2, column 13', 'blob key-bad-xml'],
        ['entity', 'form XML does not parse at line 1, column 36', 'blob key-entity'],
        ['outside', 'the blob is missing', 'blob ../../etc/passwd'],
        ['sound'],
      ],
    );
  });

  test('a form in two shards, while HQ splits one, shows its newer row', async () => {
    await fixture.addForm(
      'hq_p1',
      { form_id: 'split', state: 2, server_modified_on: '2024-05-09T00:00:00Z' },
      null,
    );
    await fixture.addForm('hq_p2', { form_id: 'split' }, XML);
    const records = await extractAll(hq, { kind: 'form', ids: ['split'] });
    assert.deepEqual(
      records.map(({ op }) => op),
      ['delete'],
    );
  });

  test('the month is that of timeEnd in the time zone of the domain, else of received_on', async () => {
    await fixture.addForm('hq_p1', { form_id: 'no-time' }, `<data xmlns="${XMLNS}"><a/></data>`);
    const domainConfig = { ...CONFIG, time_zone: 'Asia/Kolkata' };
    await fixture.addForm('hq_p1', { form_id: 'late' }, XML.replace('23:40:00.000+05:30', '20:10:00.000Z'));
    const records = await extractAll(hq, { kind: 'form', ids: ['no-time', 'late'], domainConfig });
    assert.deepEqual(
      records.map((record) => record.op === 'upsert' && record.month),
      ['2024-05-01', '2024-05-01'],
    );
  });

  test('more ids than one query takes come back each once, and stopping early is clean', async () => {
    const ids = Array.from({ length: 900 }, (_, index) => `many-${index}`);
    await fixture.addForm('hq_p1', { form_id: 'many-899' }, XML);
    const records = await extractAll(hq, { kind: 'form', ids: [...ids, ...ids] });
    assert.deepEqual(
      records.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(
      records.filter(({ op }) => op === 'upsert').map(({ id }) => id),
      ['many-899'],
    );
    const request = {
      kind: 'form',
      domain: DOMAIN,
      ids,
      newestPublishTimestamp: null,
      domainConfig: CONFIG,
    } as const;
    for await (const record of hq.extract({ ...request, isListed: () => true })) {
      assert.equal(record.id, 'many-0');
      break;
    }
  });

  test('an aborted extraction ends with the reason of its signal', async () => {
    const signal = AbortSignal.abort(new Error('the lease is lost'));
    await assert.rejects(extractAll(hq, { kind: 'form', ids: ['whole'], signal }), /the lease is lost/);
  });

  test('blobs are read from S3 as from files, the second store where the first lacks one', async () => {
    const server = await startBucketServer(['blobdb']);
    const s3 = fixture.open(fixture.server, 's3://blobdb', server.environment);
    const both = fixture.open(fixture.server, `s3://blobdb,${fixture.blobUrl}`, server.environment);
    try {
      const [missing] = await extractAll(s3, { kind: 'form', ids: ['whole'] });
      assert.equal(missing?.op === 'unreadable' && missing.reason, 'the blob is missing');
      assert.deepEqual((await extractAll(both, { kind: 'form', ids: ['whole'] })).map(weightOf), ['3.1']);
      await server.put('blobdb', 'key-whole', gzipSync(XML.replace('3.1', '5.5')));
      assert.deepEqual((await extractAll(s3, { kind: 'form', ids: ['whole'] })).map(weightOf), ['5.5']);
    } finally {
      await s3.close();
      await both.close();
      await server.stop();
    }
  });

  test('a form edited between the reading of its row and of its blob is read again', async () => {
    await fixture.addForm('hq_p1', { form_id: 'racing' }, XML);
    const newBlob = gzipSync(XML.replace('3.1', '7.7'));
    const edit = `UPDATE blobs_blobmeta SET key = 'key-after-edit' WHERE parent_id = 'racing'`;
    const store = createServer((request, response) => {
      if (request.url?.includes('key-after-edit') === true) return void response.end(newBlob);
      void fixture.server.query('hq_p1', edit).then(() => {
        response.writeHead(404, { 'content-type': 'application/xml' });
        response.end('<Error><Code>NoSuchKey</Code></Error>');
      });
    }).listen(0, '127.0.0.1');
    await once(store, 'listening');
    const address = store.address();
    assert.ok(address !== null && typeof address === 'object');
    const racing = fixture.open(fixture.server, 's3://blobdb', {
      ...{
        S3_ENDPOINT: `http://127.0.0.1:${address.port}`,
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
      },
    });
    const records = await extractAll(racing, { kind: 'form', ids: ['racing'] });
    await racing.close();
    store.close();
    store.closeAllConnections();
    assert.deepEqual(records.map(weightOf), ['7.7']);
  });

  test('a blob store that does not answer is HQ_READ_FAILED, never a missing form', async () => {
    const nowhere = fixture.open(fixture.server, 's3://no-such-bucket', {
      ...{ S3_ENDPOINT: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    });
    await assert.rejects(
      extractAll(nowhere, { kind: 'form', ids: ['whole'] }),
      (error) => error instanceof LakeError && error.code === 'HQ_READ_FAILED',
    );
    await nowhere.close();
  });
});

function weightOf(record: Extracted | undefined): unknown {
  return record?.op === 'upsert' ? record.tree['weight'] : record;
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
