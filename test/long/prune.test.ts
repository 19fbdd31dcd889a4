import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { rowsByOtherEngine, type TableRows } from '../oracle/oracle.js';

const TABLE = 'raw_visit_form';

interface Pruned {
  readonly dead: readonly { readonly column: string; readonly type: string }[];
  readonly batch: string | null;
}

function prune(lake: FreshLake, ...flags: string[]): Promise<Pruned> {
  return dimagiLake(lake, 'prune', TABLE, ...flags) as Promise<Pruned>;
}

function visits(lake: FreshLake): Promise<TableRows> {
  const folder = join(lake.folder, 'commcare', lake.domain, 'form-sql', 'visit');
  return rowsByOtherEngine({ ...process.env, ...lake.env }, folder);
}

test('a column that no record has any more is listed and dropped, unless a value comes first', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig });
  const ids = await submitVisits(lake, 3);
  await lake.ingestAll(['form-sql']);
  const holders = async (): Promise<number> =>
    (await visits(lake)).rows.filter((row) => row['form__weight'] !== null).length;

  await t.test('nothing is dead while one record has a value', async () => {
    for (const id of ids.slice(1)) await editVisit(lake, id);
    await lake.ingestAll(['form-sql']);
    assert.equal(await holders(), 1);
    assert.deepEqual(await prune(lake, '--drop'), { ...(await prune(lake)), dead: [], batch: null });
  });

  await t.test('a value that a batch before the drop brings keeps its column', async () => {
    await editVisit(lake, ids[0] ?? '');
    await lake.ingestAll(['form-sql']);
    await editVisit(lake, ids[1] ?? '', '9');
    const died = await lake.ingest('form-sql', { DIMAGI_LAKE_CRASH_AT: 'after-planning' });
    assert.equal(died.signal, 'SIGKILL');
    assert.notEqual((await prune(lake, '--drop')).batch, null);
    await lake.ingestAll(['form-sql']);
    assert.equal(await holders(), 1);
    await lake.requireEqual();
  });

  await t.test('dead, it goes in one rewrite; older versions keep it', async () => {
    await editVisit(lake, ids[1] ?? '');
    await lake.ingestAll(['form-sql']);
    assert.deepEqual((await prune(lake, '--drop', 'form__weight')).dead, [
      { column: 'form__weight', type: 'string' },
    ]);
    await lake.ingestAll(['form-sql']);
    assert.ok(!('form__weight' in (await visits(lake)).types));
    await lake.requireEqual();
    await requireExactlyOnce(lake);
    await requireNothingLeft(lake, ['form-sql']);
  });

  await t.test('a field that comes back is a column again, under its name', async () => {
    await editVisit(lake, ids[2] ?? '', '7');
    await lake.ingestAll(['form-sql']);
    assert.equal(await holders(), 1);
    await lake.requireEqual();
    const { history } = (await dimagiLake(lake, 'schema', TABLE)) as {
      history: { column: string; change: string; recordId: string | null }[];
    };
    const own = history.filter(({ column }) => column === 'form__weight');
    assert.deepEqual(
      own.map(({ change }) => change),
      ['added', 'dropped', 'added'],
    );
    assert.equal(own[0]?.recordId, ids[2]);
  });
});
