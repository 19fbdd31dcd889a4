import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { createCases, updateCases } from '../helpers/case-domain.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { rowsByOtherEngine, type TableRows } from '../oracle/oracle.js';

type Types = Readonly<Record<string, string>>;

function configOf(domain: string, types: Types): string {
  const tables = { raw_child_case: { types } };
  return stringify({ domains: { [domain]: { cases: { child: {}, mother: {} }, tables } } });
}

const WEIGHTS = ['2.50', '007', 'heavy', '', '3'];

/** The table's rows by their case's name, which the test numbers. */
async function children(
  lake: FreshLake,
): Promise<TableRows & { of(at: number): Readonly<Record<string, unknown>> }> {
  const folder = join(lake.folder, 'commcare', lake.domain, 'case-sql', 'child');
  const table = await rowsByOtherEngine({ ...process.env, ...lake.env }, folder);
  return {
    ...table,
    of: (at) => table.rows.find((row) => row['name'] === `child ${at}`) ?? assert.fail(`child ${at} is gone`),
  };
}

test('a declared type converts history, what does not fit is rescued, and taking it back gives every text again', async (t) => {
  const lake = await freshLake(t, { config: (domain) => configOf(domain, {}) });
  const apply = (types: Types, ...flags: string[]): Promise<unknown> => {
    writeFileSync(lake.env['LAKE_CONFIG'] ?? '', configOf(lake.domain, types));
    return dimagiLake(lake, 'config', 'apply', ...flags);
  };
  const ids = await createCases(lake, 'child', WEIGHTS.length);
  await createCases(lake, 'mother', 2);
  for (const [at, id] of ids.entries()) await updateCases(lake, [id], { weight: WEIGHTS[at] ?? '' });
  await lake.ingestAll(['case-sql']);

  await t.test('the dry run tells tables and rows, and changes nothing', async () => {
    const versions = lake.deltaVersions();
    const told = (await apply({ case_json__weight: 'double' }, '--dry-run')) as { tables: unknown[] };
    const { sample, ...rest } = told.tables[0] as { sample: string[] };
    assert.deepEqual(new Set(sample), new Set([ids[2], ids[3]]));
    assert.deepEqual(rest, {
      table: `commcarehq_${lake.domain.replaceAll('-', '_')}.raw_child_case`,
      changes: [{ column: 'case_json__weight', from: 'string', to: 'double', reread: false }],
      rows: 5,
      rescuedNow: 0,
      rescuedThen: 2,
    });
    assert.deepEqual(lake.deltaVersions(), versions);
  });

  await t.test(
    'text to double: exact, without a further look at HQ; misfits are rescued and listed',
    async () => {
      await apply({ case_json__weight: 'double' });
      await lake.ingestAll(['case-sql']);
      const seen = await children(lake);
      assert.equal(seen.types['case_json__weight'], 'double');
      assert.deepEqual(
        WEIGHTS.map((_, at) => seen.of(at)['case_json__weight']),
        [2.5, 7, null, null, 3],
      );
      assert.deepEqual(seen.of(2)['_rescued'], { case_json__weight: 'heavy' });
      assert.deepEqual(seen.of(3)['_rescued'], { case_json__weight: '' });
      assert.equal(seen.of(0)['_rescued'], null);
      await lake.requireEqual();
      const { rows, columns, newest } = (await dimagiLake(lake, 'rescued', 'raw_child_case')) as {
        rows: number;
        columns: unknown[];
        newest: { id: string }[];
      };
      assert.deepEqual([rows, columns], [2, [{ column: 'case_json__weight', texts: 2, empty: 1 }]]);
      assert.deepEqual(new Set(newest.map(({ id }) => id)), new Set([ids[2], ids[3]]));
    },
  );

  await t.test('a value mended in HQ fits, one that is spoilt is rescued', async () => {
    await updateCases(lake, [ids[2] ?? ''], { weight: '4' });
    await updateCases(lake, [ids[4] ?? ''], { weight: 'three' });
    await lake.ingestAll(['case-sql']);
    const seen = await children(lake);
    assert.deepEqual([seen.of(2)['case_json__weight'], seen.of(2)['_rescued']], [4, null]);
    assert.deepEqual(
      [seen.of(4)['case_json__weight'], seen.of(4)['_rescued']],
      [null, { case_json__weight: 'three' }],
    );
  });

  await t.test(
    'another type: rescued texts that fit it come back, the rest is read from HQ again',
    async () => {
      await apply({ case_json__weight: 'long' });
      await lake.ingestAll(['case-sql']);
      const seen = await children(lake);
      assert.deepEqual(
        WEIGHTS.map((_, at) => seen.of(at)['case_json__weight']),
        [null, '7', '4', null, null],
      );
      assert.deepEqual(seen.of(0)['_rescued'], { case_json__weight: '2.50' });
      await lake.requireEqual();
    },
  );

  await t.test('no declaration: every text is as HQ has it, to the letter', async () => {
    await apply({});
    await lake.ingestAll(['case-sql']);
    const seen = await children(lake);
    assert.deepEqual(
      WEIGHTS.map((_, at) => seen.of(at)['case_json__weight']),
      ['2.50', '007', '4', '', 'three'],
    );
    assert.ok(!('_rescued' in seen.types));
    await lake.requireEqual();
  });

  await t.test('the history tells each change with batch and version; nothing is left open', async () => {
    const { history } = (await dimagiLake(lake, 'schema', 'raw_child_case')) as {
      history: {
        column: string;
        change: string;
        from: string;
        to: string;
        reread: boolean;
        recordId: string;
        offset: string;
      }[];
    };
    const weights = history.filter(({ column }) => column === 'case_json__weight');
    assert.deepEqual(
      weights.map(({ change, from, to, reread }) => [change, from, to, reread]),
      [
        ['type', 'long', 'string', true],
        ['type', 'double', 'long', true],
        ['type', 'string', 'double', false],
        ['added', null, 'string', false],
      ],
    );
    const first = weights.at(-1);
    assert.ok(ids.includes(first?.recordId ?? '') && /^\d+$/.test(first?.offset ?? ''));
    await requireExactlyOnce(lake);
    await requireNothingLeft(lake);
    const { rows } = await lake.ledger.query("SELECT 1 FROM page_job WHERE state <> 'done'");
    assert.equal(rows.length, 0);
  });
});
