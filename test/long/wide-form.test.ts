import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, visitsConfig, visitWith } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { element, fields } from '../hq-sim/xml-writer.js';
import { rowsByOtherEngine, type TableRows } from '../oracle/oracle.js';

const TABLE = 'raw_visit_form';
const LIMIT = 60;
const NAMES = 20_000;

function visits(lake: FreshLake): Promise<TableRows> {
  const folder = join(lake.folder, 'commcare', lake.domain, 'form-sql', 'visit');
  return rowsByOtherEngine({ ...process.env, ...lake.env }, folder);
}

const freeColumns = ({ types }: TableRows): string[] =>
  Object.keys(types).filter((name) => name.startsWith('form__'));
const isOver = (row: Readonly<Record<string, unknown>>): boolean => row['_overflow'] !== null;

test('a form of 20,000 names leaves the table as it is for all others, and loses nothing', async (t) => {
  const lake = await freshLake(t, { config: visitsConfig, env: { MAX_TABLE_COLUMNS: String(LIMIT) } });
  const ordinary = await submitVisits(lake, 3);
  await lake.ingestAll(['form-sql']);
  assert.ok(!('_overflow' in (await visits(lake)).types), 'an ordinary table has no further column');

  const hostile = randomUUID();
  const names = Object.fromEntries(
    Array.from({ length: NAMES }, (_, index) => [`n${index}`, `text ${index}`]),
  );
  const lists = ['1', '2'].map((text) => element('again', [element('part', text)]));

  await t.test('in one batch with ordinary ones', async () => {
    await lake.hq.submitForms(
      [visitWith(hostile, [...fields(names), ...lists])].map((xml) => ({ xml, domain: lake.domain })),
    );
    await submitVisits(lake, 3);
    await lake.ingestAll(['form-sql']);
    await lake.requireEqual();
    const now = await visits(lake);
    assert.equal(freeColumns(now).length, LIMIT);
    const over = now.rows.filter(isOver);
    assert.deepEqual(
      over.map((row) => row['_id']),
      [hostile],
      'only its own row has texts without a column',
    );
    const texts = over[0]?.['_overflow'] as Readonly<Record<string, string>>;
    assert.equal(texts['form__again[1].part'], '2');
    assert.equal(texts[`form__n${NAMES - 1}`], `text ${NAMES - 1}`);
    for (const row of now.rows) if (row['_id'] !== hostile) assert.equal(row['form__weight'], '2.5');
  });

  await t.test('through the rewrite of a column to a list', async () => {
    await editVisit(lake, ordinary[0] ?? '', '3', '4');
    await lake.ingestAll(['form-sql']);
    await lake.requireEqual();
    assert.deepEqual(
      (await visits(lake)).rows.filter(isOver).map((row) => row['_id']),
      [hostile],
    );
  });

  await t.test('the operator is told by the history, by the list of tables and by Spark', async () => {
    const { history } = (await dimagiLake(lake, 'schema', TABLE)) as {
      history: { change: string; to: string; recordId: string; offset: string | null }[];
    };
    const reached = history.filter(({ change }) => change === 'limit');
    assert.deepEqual(
      reached.map(({ to, recordId }) => [to, recordId]),
      [[`${LIMIT} columns`, hostile]],
    );
    assert.notEqual(reached[0]?.offset, null);
    const { tables } = (await dimagiLake(lake, 'tables')) as {
      tables: { overflow: { limit: number; names: string[] } | null }[];
    };
    assert.deepEqual(
      tables.map(({ overflow }) => [overflow?.limit, overflow?.names.length]),
      [[LIMIT, 100]],
    );
    const told = (await dimagiLake(lake, 'rescued', TABLE, '--overflow', '--column', 'form__again')) as {
      rows: number;
      columns: { column: string; texts: number }[];
      newest: { id: string }[];
    };
    assert.equal(told.rows, 1);
    assert.deepEqual(
      told.columns.filter(({ column }) => column.startsWith('form__again')),
      [{ column: 'form__again[].part', texts: 2, empty: 0 }],
    );
    assert.deepEqual(
      told.newest.map(({ id }) => id),
      [hostile],
    );
  });

  await t.test('until its record is an ordinary one', async () => {
    await editVisit(lake, hostile, '5');
    await lake.ingestAll(['form-sql']);
    await lake.requireEqual();
    assert.deepEqual((await visits(lake)).rows.filter(isOver), []);
    await requireExactlyOnce(lake);
  });
});
