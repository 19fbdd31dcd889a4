import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCases, ONE_PARTITION, updateCases } from '../../helpers/case-domain.js';
import { requireExactlyOnce } from '../../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../../helpers/fresh-lake.js';
import {
  changeUnheard,
  copyUnheard,
  damageLake,
  ODD_COPIES,
  removeUnheard,
  type Expected,
} from '../../helpers/lake-faults.js';
import { findingsOf, reconcile } from '../../helpers/reconciled.js';
import { sparkSql } from '../../helpers/spark-sql.js';
import { until } from '../../helpers/until.js';

const CASES = ['case-sql'] as const;
const SQL_CASES = 'form_processor_commcarecasesql';

const config = (domain: string): string => `domains:
  ${domain}:
    cases: {child: {}, mother: {}}
    tables:
      raw_mother_case:
        transforms:
          - filter: {column: name, is_not: mother 3}
`;

test('reconcile finds what is missing, stale and a ghost, and nothing else; a repair makes it right', async (t) => {
  const lake = await freshLake(t, { config, partitions: ONE_PARTITION });
  const children = await createCases(lake, 'child', 30);
  const mothers = await createCases(lake, 'mother', 6);
  await lake.ingestAll(CASES);

  const expected: Expected = new Set();
  const child = { name: 'raw_child_case', path: 'case-sql/child' };
  const [heard = '', original = ''] = children;
  const ids = { gone: children.slice(2, 6), older: children.slice(6, 10), copied: children.slice(10, 13) };
  const statements = damageLake(lake, child, { ...ids, gone: [...ids.gone, heard] }, expected);
  expected.delete(`missing raw_child_case ${heard}`);
  await sparkSql(lake, statements);
  await changeHq(lake, children, mothers, original, expected);
  // Gone from the lake as well, but a message is on its way that would bring it.
  await updateCases(lake, [heard], { weight: '9.9' });

  await t.test('what is on its way and what a filter keeps out is no fault', async () => {
    const { code, report } = await reconcile(lake, '--settle', '0', '--wait', '0');
    assert.deepEqual(await findingsOf(lake, report), expected);
    const unjudged = report.tables.map(({ table, leftOut, unjudged: reasons }) => [table, leftOut, reasons]);
    assert.deepEqual(unjudged, [
      ['raw_child_case', 0, { 'on its way': 1 }],
      ['raw_mother_case', 1, {}],
    ]);
    assert.equal(code, 8);
  });

  await t.test(
    'a repair goes through the topic’s sequence; a second look finds nothing, and reads no document',
    async () => {
      const repairing = reconcile(lake, '--settle', '0', '--repair');
      await until('the repair is asked for', async () => {
        const { rowCount } = await lake.ledger.query('SELECT 1 FROM reconcile_request');
        return rowCount === 1;
      });
      await lake.ingestAll(CASES);
      const { report } = await repairing;
      assert.equal(report.differences, 0);
      assert.equal(
        report.tables.reduce((sum, { repaired }) => sum + repaired, 0),
        expected.size,
      );
      const { code, report: again } = await reconcile(lake, '--settle', '0');
      assert.deepEqual(
        again.tables.map(({ differingDays, unjudged }) => [differingDays, unjudged]),
        [
          [0, {}],
          [0, {}],
        ],
        'what the filter keeps out is known',
      );
      assert.equal(code, 0);
      await lake.requireEqual({ tables: [`${lake.domain}/case-sql/child`], locationColumns: 'ignore' });
      await requireExactlyOnce(lake);
    },
  );
});

/** Every kind of change that HQ tells nobody of. */
async function changeHq(
  lake: FreshLake,
  children: readonly string[],
  mothers: readonly string[],
  original: string,
  expected: Expected,
): Promise<void> {
  const [changed, archived, retyped] = [
    children.slice(13, 17),
    children.slice(17, 20),
    children.slice(20, 22),
  ];
  await changeUnheard(lake, SQL_CASES, changed, 'server_modified_on = now()');
  for (const id of changed) expected.add(`stale raw_child_case ${id}`);
  await changeUnheard(lake, SQL_CASES, archived, 'deleted = true');
  await removeUnheard(lake, mothers.slice(0, 2));
  for (const id of archived) expected.add(`ghost raw_child_case ${id}`);
  for (const id of mothers.slice(0, 2)) expected.add(`ghost raw_mother_case ${id}`);
  await changeUnheard(lake, SQL_CASES, retyped, "type = 'mother'");
  for (const id of retyped) expected.add(`ghost raw_child_case ${id}`).add(`missing raw_mother_case ${id}`);
  await copyUnheard(lake, original, ODD_COPIES);
  for (const { id } of ODD_COPIES) expected.add(`missing raw_child_case ${id}`);
}
