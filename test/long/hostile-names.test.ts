import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { stackUp } from '../../deploy/stack/stack.js';
import { countByBeeline, type NamedTable } from '../helpers/beeline.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { hex8, HOSTILE_KEYS } from '../helpers/hostile-keys.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { formXml } from '../shapes/form-xml.js';
import { putCases } from '../shapes/submit.js';
import { readSchema } from '../shapes/table-schema.js';
import type { Tree, Value } from '../shapes/tree.js';

/** One domain in three spellings that Spark would take for one, and one that would break out of any quotes. */
const domainsOf = (domain: string): string[] => [
  domain,
  `${domain}.b:c`,
  `${domain}_b-c`,
  `${domain}\`;'"\${x}\n--😀*/`,
];
const LEVELS = ['sta`te', 'd\'i"s.trict--', 'owner', 'Owner', '😀$x', 'user'];
const MAIN_TYPE = "wo`rst; DROP TABLE x; -- '${y}'\n.😀";
const TYPES = [
  ...['', 'a/b', 'a-b', 'a_b', 'A_B', `a_b_${hex8('a b')}`, 'a b', '.hidden', '_hidden', '!shell', '*/'],
  ...['n'.repeat(255), '😀'.repeat(100), '\u0001\r\n;\r\n'],
];
/** Without `}`: expat, by which the oracle reads, refuses such a namespace. */
const XMLNS = ['http://x/visit', 'http://y/visit', 'http://x/a;b`c', "urn:it's ${x\n;\n--"];

/** Hostile keys, and those that spell what the hash makes of others: whichever comes first, none may take from another. */
const KEYS = [
  ...HOSTILE_KEYS,
  ...[`dob__${hex8('case_json__dob')}`, `dob__${hex8('["dob"]')}`, `A_B__${hex8('case_json__A_B')}`, 'A_B'],
  ...['a__b', '\ud800', '\ud801', 'a\0b'],
];
const HALF = KEYS.filter((_, index) => index % 2 === 0);
const tree = (keys: readonly string[], valueOf: (key: string) => Value): Tree =>
  new Map(keys.map((key) => [key, valueOf(key)]));

/** As columns, and as fields of one list's objects: a list for each name would take Spark minutes. */
const STEPS: Readonly<Record<string, Tree>> = {
  made: tree([...HALF, 'in'], (key) => (key === 'in' ? [tree(HALF, (each) => `i1 ${each}`)] : `v1 ${key}`)),
  widened: tree([...KEYS, 'in', 'a'], (key) => {
    if (key === 'a') return tree(['b'], () => 'beside a__b');
    return key === 'in' ? [tree(KEYS, (each) => `i2 ${each}`)] : `v2 ${key}`;
  }),
  rewritten: tree([...KEYS, 'in'], (key) =>
    key === 'in' ? [tree(HALF, (each) => [`i3 ${each}`]), 'plain'] : [`v3 ${key}`, ''],
  ),
  merged: tree([...HALF, 'in'], (key) => (key === 'in' ? tree(KEYS, (each) => `i4 ${each}`) : `v4 ${key}`)),
};

test('names that mean harm are names like any other, in every statement', async (t) => {
  const lake = await freshLake(t, { config });
  const domains = domainsOf(lake.domain);

  await t.test(
    'of columns and list fields: when a table is made, widened, rewritten and merged',
    async () => {
      const [, , , worst = ''] = domains;
      let before: string[] = [];
      for (const [step, document] of Object.entries(STEPS)) {
        await putCases(lake.hq, worst, [{ id: `\`${step}' \${x}`, type: MAIN_TYPE, tree: document }]);
        await lake.ingestAll(['case-sql']);
        const after = await columnNames(lake, MAIN_TYPE);
        assert.deepEqual(
          before.filter((name) => !after.includes(name)),
          [],
          `no column lost its name when the table was ${step}`,
        );
        before = after;
      }
      await lake.requireEqual();
    },
  );

  await t.test('of domains, case types, forms and location levels', async () => {
    for (const domain of domains.slice(0, 3)) {
      const types = domain === lake.domain ? TYPES : ['a-b'];
      await putCases(
        lake.hq,
        domain,
        types.map((type, index) => ({ id: `${domain} ${index}`, type, tree: tree(['DOB'], () => type) })),
      );
    }
    for (const [index, xmlns] of XMLNS.entries()) {
      const xml = formXml(tree(['DOB', 'dob', 'a.b'], String), xmlns, `form ${index}`);
      await lake.hq.submitForm(xml, { domain: lake.domain });
    }
    await createPlaces(lake);
    await lake.ingestAll();
    await lake.requireEqual();
  });

  await t.test('each table has a path and a name of its own, by which other readers find it', async () => {
    const { rows: tables } = await lake.ledger.query<NamedTable>(
      'SELECT database_name AS database, table_name AS table, path FROM lake_table',
    );
    assert.equal(tables.length, 1 + TYPES.length + 2 + XMLNS.length + 1);
    assert.equal(new Set(tables.map(({ path }) => path)).size, tables.length);
    const names = tables.map(({ database, table }) => `${database}.${table}`.toLowerCase());
    assert.equal(new Set(names).size, tables.length);
    for (const name of names) assert.match(name, /^[a-z0-9_]{1,128}\.[a-z0-9_]{1,128}$/);
    const { env } = await stackUp({ dir: stackVariable('TEST_STACK_DIR'), thrift: true });
    const counts = await countByBeeline({ ...process.env, ...env }, tables);
    assert.deepEqual([...counts.keys()].sort(), tables.map(({ path }) => path).sort());
    for (const [path, rows] of counts) assert.ok(rows > 0, path);
  });

  await t.test('and stood in every kind of statement that there is', () => {
    const text = scripts(lake);
    for (const kind of [
      /^CREATE TABLE IF NOT EXISTS delta\.`[^`]*~60[^`]*` \([^;]*`case_json__``` STRING/m,
      /^CREATE DATABASE IF NOT EXISTS `commcarehq_[a-z0-9_]+`/m,
      /^CREATE TABLE IF NOT EXISTS `[^`]+`\.`[^`]+` USING delta LOCATION '[^']*~60[^']*'/m,
      /^ALTER TABLE `[^`]+`\.`[^`]+` SET LOCATION '[^']*~60[^']*'/m,
      /^ALTER TABLE delta\.`[^`]*~60[^`]*` ADD COLUMNS \(\s+`case_json__in`\.element\.[^;]*`{6} STRING[^;]*`case_json__````` STRING/m,
      /^CREATE OR REPLACE TABLE delta\.`[^`]*~60[^`]*` USING delta/m,
      /^MERGE INTO delta\.`[^`]*~60[^`]*` AS t/m,
      /^SET spark\.databricks\.delta\.commitInfo\.userMetadata=\{/m,
      /^CREATE OR REPLACE TEMPORARY VIEW staged \(/m,
    ])
      assert.match(text, kind);
  });
});

function config(domain: string): string {
  const kept = {
    cases: { '*': {} },
    forms: { '*': {}, 'http://x/visit': { name: 'visit' }, 'http://y/visit': { name: 'visit' } },
  };
  const domains = Object.fromEntries(domainsOf(domain).map((each) => [each, kept]));
  domains[domain] = { ...kept, ...{ location_levels: LEVELS, locations: true } };
  return stringify({ domains });
}

/** A chain of one location per level; cases of the lowest one's. */
async function createPlaces({ hq, domain }: FreshLake): Promise<void> {
  await hq.createLocationTypes(
    domain,
    LEVELS.map((code, index) => ({
      code,
      name: `Type ${code}`,
      ...(index === 0 ? {} : { parentCode: LEVELS[index - 1] ?? '' }),
    })),
  );
  for (const [index, typeCode] of LEVELS.entries()) {
    await hq.createLocations(domain, [
      {
        name: `${typeCode}'s`,
        typeCode,
        siteCode: `site-${index}`,
        locationId: `place ${index}`,
        metadata: Object.fromEntries(
          HALF.filter((key) => !/[\0\p{Cs}]/u.test(key)).map((key) => [key, `m ${key}`]),
        ),
        ...(index === 0 ? {} : { parentId: `place ${index - 1}` }),
      },
    ]);
  }
}

async function columnNames(lake: FreshLake, type: string): Promise<string[]> {
  const { rows } = await lake.ledger.query<{ path: string }>('SELECT path FROM lake_table WHERE type = $1', [
    type,
  ]);
  return readSchema(join(lake.folder, rows[0]?.path ?? '')).map(({ name }) => name);
}

/** All that was sent to Spark. */
function scripts(lake: FreshLake): string {
  const folder = fileURLToPath(lake.env['CHECKPOINT_BASE_DIR'] ?? '');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sql'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}
