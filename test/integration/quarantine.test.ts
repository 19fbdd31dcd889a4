import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';

const FORMS = ['form-sql'] as const;

test('what cannot be read is set aside with its reason and offset, the batch goes on, and a replay brings it', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  // Every other one stands raw in the blob store: the torn one must be gzip.
  const [, lost = '', torn = '', announced = ''] = await submitVisits(lake, 5);
  const blobs = new Map<string, Buffer>();
  for (const id of [lost, announced, torn]) blobs.set(id, readFileSync(await blobFile(lake, id)));
  rmSync(await blobFile(lake, lost));
  rmSync(await blobFile(lake, announced));
  writeFileSync(await blobFile(lake, torn), blobs.get(torn)?.subarray(0, 60) ?? '');
  await lake.hq.publishRaw('form-sql', 'odd', 'this is no JSON');
  await lake.hq.publishRaw('form-sql', 'odd', '{"domain":"x"}');

  await t.test('set aside, and listed with what an operator has to know', async () => {
    await lake.ingestAll(FORMS);
    const listed = await list(lake);
    assert.equal(listed.total, 3);
    assert.deepEqual(
      new Map(listed.records.map((record) => [record.recordId, record.reason])),
      new Map([
        [lost, 'the blob is missing'],
        [announced, 'the blob is missing'],
        [torn, 'the gzip of the blob is damaged'],
      ]),
    );
    for (const record of listed.records) {
      assert.match(record.place, /^blob /);
      assert.match(`${record.partition}:${record.offset}`, /^\d+:\d+$/);
    }
    assert.deepEqual(listed.messages.map((message) => message.reason).sort(), [
      'the message has no document_id',
      'the message is not JSON in UTF-8',
    ]);
    assert.deepEqual(await rowsOf(lake), { actualRows: 2, extra: 0, differing: 0 });
  });

  await t.test('shown beside what was expected: what is there of the document', async () => {
    const [ofLost] = (await show(lake, lost)).entries;
    assert.deepEqual([ofLost?.raw.text, ofLost?.raw.remarks], [null, ['no blob store has it']]);
    assert.match(ofLost?.expected ?? '', /blob/);
    const [ofTorn] = (await show(lake, torn)).entries;
    assert.match(ofTorn?.raw.text ?? '', /^<(\?xm|dat)/);
    assert.match(ofTorn?.raw.remarks.join() ?? '', /ends too early/);
    await assert.rejects(show(lake, 'another'), /No open entry/);
  });

  await t.test('a record that HQ announces again is settled by itself', async () => {
    writeFileSync(await blobFile(lake, announced), blobs.get(announced) ?? '');
    await lake.hq.republish([announced]);
    await lake.ingestAll(FORMS);
    assert.deepEqual(
      new Set((await list(lake)).records.map((record) => record.recordId)),
      new Set([lost, torn]),
    );
  });

  await t.test(
    'a replay brings what is mended, and sets what is not aside anew, with its offset',
    async () => {
      const [before] = (await list(lake)).records.filter((record) => record.recordId === torn);
      writeFileSync(await blobFile(lake, lost), blobs.get(lost) ?? '');
      assert.deepEqual(await dimagiLake(lake, 'quarantine', 'replay', '--domain', 'another'), {
        planned: [],
      });
      const replay = await dimagiLake(lake, 'quarantine', 'replay');
      assert.match(JSON.stringify(replay), /\[\{"topic":"form-sql","batch":"\d+","records":2\}\]/);
      await lake.ingestAll(FORMS);
      const [after, ...others] = (await list(lake)).records;
      assert.deepEqual(others, []);
      assert.deepEqual([after?.recordId, after?.offset], [torn, before?.offset]);
      assert.notEqual(after?.id, before?.id, 'the newer look at it stands in the list');
    },
  );

  await t.test('all mended: the list is empty and the lake equals HQ', async () => {
    writeFileSync(await blobFile(lake, torn), blobs.get(torn) ?? '');
    await dimagiLake(lake, 'quarantine', 'replay', torn);
    await lake.ingestAll(FORMS);
    assert.equal((await list(lake)).total, 0);
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    await requireNothingLeft(lake, FORMS);
  });
});

interface Listed {
  readonly total: number;
  readonly records: readonly {
    readonly id: string;
    readonly recordId: string;
    readonly reason: string;
    readonly place: string;
    readonly partition: number;
    readonly offset: string;
  }[];
  readonly messages: readonly { readonly reason: string }[];
}

interface ShownEntry {
  readonly expected: string;
  readonly raw: { readonly text: string | null; readonly remarks: readonly string[] };
}

function show(lake: FreshLake, record: string): Promise<{ entries: readonly ShownEntry[] }> {
  return dimagiLake(lake, 'quarantine', 'show', record) as Promise<{ entries: readonly ShownEntry[] }>;
}

async function list(lake: FreshLake): Promise<Listed> {
  return (await dimagiLake(lake, 'quarantine', 'list')) as Listed;
}

async function rowsOf(lake: FreshLake): Promise<unknown> {
  const [table] = (await lake.oracle()).tables;
  return {
    actualRows: table?.actualRows,
    extra: table?.extra.total,
    differing: table?.differing.total,
  };
}

/** The file of a form's newest XML. */
async function blobFile(lake: FreshLake, formId: string): Promise<string> {
  const { databases } = lake.hq.context;
  const { rows } = await databases
    .pool(databases.shardOf(formId))
    .query<{ key: string }>(
      "SELECT key FROM blobs_blobmeta WHERE parent_id = $1 AND name = 'form.xml' ORDER BY id DESC LIMIT 1",
      [formId],
    );
  return join(new URL(lake.env['HQ_BLOB_STORE'] ?? '').pathname, rows[0]?.key ?? '');
}
