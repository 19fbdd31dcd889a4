import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig, visitWith } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { fields } from '../hq-sim/xml-writer.js';
import { rowsByOtherEngine, type TableRows } from '../oracle/oracle.js';

const TABLE = 'raw_visit_form';

function visits(lake: FreshLake): Promise<TableRows> {
  const folder = join(lake.folder, 'commcare', lake.domain, 'form-sql', 'visit');
  return rowsByOtherEngine({ ...process.env, ...lake.env }, folder);
}

test('room that is made is used by what comes, and by a reprocess for what was there', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  await submitVisits(lake, 2);
  await lake.ingestAll(['form-sql']);
  const had = Object.keys((await visits(lake)).types).filter((name) => name.startsWith('form__')).length;
  const ingest = async (further: number): Promise<TableRows> => {
    await lake.ingestAll(['form-sql'], { MAX_TABLE_COLUMNS: String(had + further) });
    await lake.requireEqual();
    return visits(lake);
  };
  const submit = async (id: string, questions: Readonly<Record<string, string>>): Promise<void> => {
    await lake.hq.submitForms([{ xml: visitWith(id, fields(questions)), domain: lake.domain }]);
  };
  const rowOf = ({ rows }: TableRows, id: string): Readonly<Record<string, unknown>> =>
    rows.find((row) => row['_id'] === id) ?? {};
  const atLimit = async (): Promise<unknown[]> =>
    ((await dimagiLake(lake, 'tables')) as { tables: { overflow: unknown }[] }).tables.map(
      ({ overflow }) => overflow,
    );
  const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];

  await t.test('two of four new questions find room', async () => {
    await submit(first, { a: '1', b: '2', c: '3', d: '4' });
    const row = rowOf(await ingest(2), first);
    assert.deepEqual([row['form__a'], row['form__b']], ['1', '2']);
    assert.deepEqual(row['_overflow'], { form__c: '3', form__d: '4' });
    assert.deepEqual(await atLimit(), [{ limit: had + 2, names: ['form__c', 'form__d'] }]);
  });

  await t.test('a greater limit: new values get columns, old rows keep theirs', async () => {
    await submit(second, { c: '5', d: '6' });
    const now = await ingest(4);
    assert.deepEqual([rowOf(now, second)['form__c'], rowOf(now, second)['_overflow']], ['5', null]);
    assert.deepEqual(rowOf(now, first)['_overflow'], { form__c: '3', form__d: '4' });
  });

  await t.test('a reprocess brings the old ones into columns', async () => {
    await dimagiLake(lake, 'reprocess', '--domain', lake.domain, '--table', TABLE);
    const row = rowOf(await ingest(5), first);
    assert.deepEqual([row['form__c'], row['form__d'], row['_overflow']], ['3', '4', null]);
    assert.deepEqual(await atLimit(), [null]);
  });

  await t.test('columns that are pruned make room', async () => {
    for (const id of [first, second]) await editVisit(lake, id, '1');
    await ingest(4);
    await dimagiLake(lake, 'prune', TABLE, '--drop');
    // What is staged before the columns have gone does not know of the room yet.
    await ingest(2);
    await submit(third, { e: '7', f: '8', g: '9' });
    const now = await ingest(2);
    const row = rowOf(now, third);
    assert.deepEqual([row['form__e'], row['form__f']], ['7', '8']);
    assert.deepEqual(row['_overflow'], { form__g: '9' });
    assert.ok(!('form__a' in now.types) && 'form__weight' in now.types);
    await requireExactlyOnce(lake);
  });
});
