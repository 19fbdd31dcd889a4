import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LakeError } from '../../../orchestrator/errors.js';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import { DOMAIN, HqFixture, extractAll } from './hq-fixture.js';
import { eventually, type PostgresStandby } from '../../helpers/postgres-server.js';

describe('a standby of HQ', () => {
  let fixture: HqFixture;
  let standby: PostgresStandby;
  let hq: HqSource;
  before(async () => {
    fixture = await HqFixture.create();
    standby = await fixture.server.createStandby();
    hq = fixture.open(standby);
  });
  after(async () => {
    await hq.close();
    await standby.remove();
    await fixture.remove();
  });

  test('that has replayed all it received is read, and an absent row is a delete', async () => {
    await fixture.addCase('hq_p1', { case_id: 'seen' });
    await eventually(
      async () => (await standby.query('hq_p1', `SELECT 1 FROM form_processor_commcarecasesql`)).length > 0,
    );
    const newest = new Date(Date.now() - 60_000).toISOString();
    const records = await extractAll(hq, {
      kind: 'case',
      ids: ['seen', 'absent'],
      newestPublishTimestamp: newest,
    });
    assert.deepEqual(
      records.map(({ op }) => op),
      ['upsert', 'delete'],
    );
  });

  test('that has not shown the newest message yet is waited for', async () => {
    const newest = new Date().toISOString();
    const records = await extractAll(hq, { kind: 'case', ids: ['seen'], newestPublishTimestamp: newest });
    assert.deepEqual(
      records.map(({ op }) => op),
      ['upsert'],
    );
  });

  test('that stays behind is HQ_STANDBY_BEHIND for forms, cases and locations, unless all ids have a tombstone', async () => {
    await fixture.insert('hq_main', 'cleanup_deletedsqldoc', {
      doc_id: 'purged',
      object_class_path: 'form_processor.CommCareCase',
      domain: DOMAIN,
      deleted_on: '2024-05-02T00:00:00Z',
    });
    await eventually(
      async () => (await standby.query('hq_main', `SELECT 1 FROM cleanup_deletedsqldoc`)).length > 0,
    );
    await standby.pause();
    await fixture.addCase('hq_p1', { case_id: 'unseen' });
    await standby.untilBehind();
    const newestPublishTimestamp = new Date().toISOString();
    const [forms, cases, locations, purged] = await Promise.allSettled([
      extractAll(hq, { kind: 'form', ids: ['absent'], newestPublishTimestamp }),
      extractAll(hq, { kind: 'case', ids: ['unseen', 'purged'], newestPublishTimestamp }),
      extractAll(hq, { kind: 'location', ids: ['absent'], newestPublishTimestamp }),
      extractAll(hq, { kind: 'case', ids: ['purged'], newestPublishTimestamp }),
    ]);
    for (const outcome of [forms, cases, locations]) {
      const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
      assert.ok(error instanceof LakeError && error.code === 'HQ_STANDBY_BEHIND' && error.retryable);
    }
    assert.deepEqual(purged.status === 'fulfilled' && purged.value, [
      { op: 'delete', kind: 'case', domain: DOMAIN, id: 'purged' },
    ]);
  });

  test('of the locations alone that stays behind lends no record a wrong place', async () => {
    await fixture.addLocationTree();
    await fixture.addCase('hq_p1', { case_id: 'of a new clinic', owner_id: 'clinic-2' });
    const mixed = fixture.open(fixture.server, fixture.blobUrl, {}, standby);
    const request = { kind: 'case', ids: ['of a new clinic'] } as const;
    try {
      const newestPublishTimestamp = new Date().toISOString();
      await assert.rejects(extractAll(mixed, { ...request, newestPublishTimestamp }), {
        code: 'HQ_STANDBY_BEHIND',
      });
      await standby.resume();
      const [record] = await extractAll(mixed, { ...request, newestPublishTimestamp });
      assert.equal(record?.op === 'upsert' && record.fields['location_id'], 'clinic-2');
    } finally {
      await mixed.close();
    }
  });

  test('that has caught up again shows what it lacked', async () => {
    const newestPublishTimestamp = new Date().toISOString();
    const records = await extractAll(hq, { kind: 'case', ids: ['unseen'], newestPublishTimestamp });
    assert.deepEqual(
      records.map(({ op }) => op),
      ['upsert'],
    );
  });

  test('cut off from its primary proves nothing, though it has replayed all it received', async () => {
    await fixture.server.stop();
    await eventually(
      async () => (await standby.query('postgres', 'SELECT 1 FROM pg_stat_wal_receiver')).length === 0,
    );
    const newestPublishTimestamp = new Date().toISOString();
    await assert.rejects(
      extractAll(hq, { kind: 'case', ids: ['absent'], newestPublishTimestamp }),
      (error) => error instanceof LakeError && error.code === 'HQ_STANDBY_BEHIND',
    );
    await fixture.server.start();
  });
});

describe('a primary of HQ', () => {
  test('that is down is HQ_READ_FAILED without the URL of the database', async () => {
    const fixture = await HqFixture.create();
    const hq = fixture.open();
    try {
      await fixture.server.stop();
      await assert.rejects(extractAll(hq, { kind: 'case', ids: ['any'] }), (error) => {
        return (
          error instanceof LakeError &&
          error.code === 'HQ_READ_FAILED' &&
          !error.message.includes('postgresql://')
        );
      });
      await fixture.server.start();
      assert.equal((await extractAll(hq, { kind: 'case', ids: ['any'] })).length, 1);
    } finally {
      await hq.close();
      await fixture.remove();
    }
  });
});
