import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import type { FreshLake } from '../helpers/fresh-lake.js';
import { batchSize, cutAtRandom, drawTables, type DrawnTable, type Slice } from './draw.js';
import { typedConfig } from './draw-types.js';
import { findAgain, type Found, type Pair, type Row } from './find-again.js';
import { findLimited } from './find-limited.js';
import { readRows } from './read-rows.js';
import { rowByPath } from './same-rows.js';
import { shapeOf } from './shape-rules.js';
import { heldTree, idOf, submit, typeOf, type Variant } from './submit.js';
import { readSchema, type Field } from './table-schema.js';
import type { Tree } from './tree.js';

export interface AnyShape {
  /** Draws everything: the same seed and sizes are the same documents in the same batches. */
  readonly seed: number;
  readonly documents: number;
  readonly perTable: number;
  /** Tables whose documents come mixed with one another. */
  readonly tablesAtOnce: number;
  /** About so many slices of random size; each is one batch or a few. */
  readonly slices: number;
}

/** Every case type and every form. */
export function anyTypeConfig(domain: string): string {
  return stringify({ domains: { [domain]: { cases: { '*': {} }, forms: { '*': {} } } } });
}

/**
 * Brings drawn documents through HQ, the pipeline and Spark in random cuts, and those that fit into one batch once more
 * at a go. No batch may fail, every value must be found again by the documented rules, and what came in one batch must
 * stand as what came in many.
 */
export async function requireAnyShape(
  lake: FreshLake,
  sizes: AnyShape,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  const { seed, documents, perTable } = sizes;
  const tables = drawTables(seed, documents, perTable);
  await bringIn(lake, tables, sizes, say);
  await requireNoFailure(lake);
  for (const table of tables) await requireFound(lake, table);
}

/**
 * The same with fewer columns than the documents have paths (MAX_TABLE_COLUMNS of the lake's environment is `limit`): which
 * paths have one depends on the cuts, but no text is lost and none stands twice.
 */
export async function requireAnyShapeWithin(
  lake: FreshLake,
  limit: number,
  sizes: AnyShape,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  const { seed, documents, perTable } = sizes;
  const tables = drawTables(seed, documents, perTable);
  await bringIn(lake, tables, sizes, say);
  await requireNoFailure(lake);
  let over = 0;
  for (const table of tables)
    for (const variant of table.once ? (['many', 'one'] as const) : (['many'] as const)) {
      const held = await readHeld(lake, table, variant);
      const problems = findLimited({ ...held, limit }, held.pairs);
      assert.deepEqual(problems.slice(0, 5), [], `in ${held.path} every text is in a column or in _overflow`);
      over += held.pairs.filter(({ row }) => (row['_overflow'] ?? null) !== null).length;
    }
  assert.ok(over > 0, 'the documents have more paths than the limit');
}

/** The same under a lake.yaml that declares types of half of the columns, and others half-way; the oracle judges the values. */
export async function requireAnyTypedShape(
  lake: FreshLake,
  tables: readonly DrawnTable[],
  sizes: AnyShape,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  const [first, second] = [tables.slice(0, tables.length / 2), tables.slice(tables.length / 2)];
  await bringIn(lake, first, sizes, say);
  writeFileSync(lake.env['LAKE_CONFIG'] ?? '', typedConfig(lake.domain, tables, sizes.seed + 1));
  await dimagiLake(lake, 'config', 'apply');
  say('half of the tables are in the lake, other types are declared');
  await bringIn(lake, second, sizes, say);
  await lake.ingestAll(['case-sql', 'form-sql']);
  await requireNoFailure(lake);
  await lake.requireEqual();
}

async function bringIn(
  lake: FreshLake,
  tables: readonly DrawnTable[],
  { seed, tablesAtOnce, slices }: AnyShape,
  say: (line: string) => void,
): Promise<void> {
  const staged = new Set<DrawnTable>();
  for (let at = 0; at < tables.length; at += tablesAtOnce) {
    const group = tables.slice(at, at + tablesAtOnce);
    const share = Math.max(1, Math.round((slices * group.length) / tables.length));
    for (const [number, slice] of cutAtRandom(seed + at, group, share).entries()) {
      await submit(lake.hq, lake.domain, slice, 'many');
      await ingest(lake, slice, batchSize(seed + number, slice));
    }
    const whole = group.filter(({ once }) => once).flatMap(eachDocument);
    await submit(lake.hq, lake.domain, whole, 'one');
    await ingest(lake, whole, whole.length);
    for (const table of group) staged.add(table);
    say(`${staged.size} of ${tables.length} tables are in the lake`);
  }
}

function eachDocument(table: DrawnTable): Slice {
  return table.documents.map((document) => ({ table, document }));
}

async function ingest(lake: FreshLake, slice: Slice, most: number): Promise<void> {
  const topics = [
    ...(slice.some(({ table }) => table.kind === 'case') ? (['case-sql'] as const) : []),
    ...(slice.some(({ table }) => table.kind === 'form') ? (['form-sql'] as const) : []),
  ];
  // One after the other: one warm driver serves both.
  for (const topic of topics) {
    const { code, stderr } = await lake.ingest(topic, { MAX_RECORDS_TO_PROCESS: String(most) });
    assert.equal(code, 0, `ingestion of ${topic} ended with ${code ?? ''}:\n${stderr}`);
    assert.doesNotMatch(
      stderr,
      /(batch|lane)[^\n]* to be tried again|halted|voided/,
      'no batch fails, not even once',
    );
  }
}

async function requireNoFailure(lake: FreshLake): Promise<void> {
  await requireExactlyOnce(lake);
  const { rows: failed } = await lake.ledger.query('SELECT id, failure FROM lane WHERE attempts > 0');
  assert.deepEqual(failed, [], 'no lane failed');
  const { rows: aside } = await lake.ledger.query('SELECT record_id, reason FROM quarantine');
  assert.deepEqual(aside, [], 'no record is set aside');
}

/** One table as it was found. */
interface Seen {
  readonly found: Found;
  readonly rows: ReadonlyMap<string, Row>;
}

async function requireFound(lake: FreshLake, table: DrawnTable): Promise<void> {
  const many = await look(lake, table, 'many');
  if (!table.once) return;
  const one = await look(lake, table, 'one');
  assert.deepEqual([...one.found.columns.keys()].sort(), [...many.found.columns.keys()].sort());
  for (const { id } of table.documents) {
    const [mine, other] = (['one', 'many'] as const).map((variant) => {
      const { found, rows } = variant === 'one' ? one : many;
      return comparable(rows.get(`${id}-${variant}`) ?? {}, found);
    });
    assert.deepEqual(mine, other, `${table.name}: ${id} in one batch is as in many`);
  }
}

/** A table as another engine reads it, each row beside the document that it must hold. */
interface Held {
  readonly path: string;
  readonly names: Readonly<Record<string, string>>;
  readonly fields: readonly Field[];
  readonly rows: ReadonlyMap<string, Row>;
  readonly versions: readonly Tree[];
  readonly prefix: 'case_json' | 'form';
  readonly pairs: readonly Pair[];
}

async function readHeld(lake: FreshLake, table: DrawnTable, variant: Variant): Promise<Held> {
  const { path, names } = await tableOf(lake, table, variant);
  const folder = join(lake.folder, path);
  const fields = readSchema(folder);
  const rows = await readRows(
    folder,
    fields.map(({ name }) => name),
  );
  // Each table held every version that was submitted, but shows the last one of each record.
  const versions = table.documents.map((document) => heldTree(table, document, variant));
  const last = new Map(table.documents.map((document, index) => [idOf(document, variant), versions[index]]));
  assert.deepEqual([...rows.keys()].sort(), [...last.keys()].sort(), `${path} holds each record once`);
  const prefix = table.kind === 'case' ? 'case_json' : 'form';
  const pairs = [...last].flatMap(([id, tree]) =>
    tree === undefined ? [] : [{ tree, row: rows.get(id) ?? {}, where: id }],
  );
  return { path, names, fields, rows, versions, prefix, pairs };
}

async function look(lake: FreshLake, table: DrawnTable, variant: Variant): Promise<Seen> {
  const { path, fields, rows, versions, prefix, pairs } = await readHeld(lake, table, variant);
  const found = findAgain(shapeOf(versions), fields, prefix, pairs);
  assert.deepEqual(found.problems, [], `in ${path} every value is found again, and nothing else`);
  return { found, rows };
}

async function tableOf(
  lake: FreshLake,
  table: DrawnTable,
  variant: Variant,
): Promise<Pick<Held, 'path' | 'names'>> {
  const { rows } = await lake.ledger.query<Pick<Held, 'path' | 'names'>>(
    'SELECT path, names FROM lake_table WHERE domain = $1 AND kind = $2 AND type = $3',
    [lake.domain, table.kind, typeOf(table, variant)],
  );
  const [found] = rows;
  assert.ok(rows.length === 1 && found !== undefined, `${table.name} has one table`);
  return found;
}

/** What tells the moment, the batch, or the one of the two tables. */
const OWN_COLUMNS = ['_id', '_batch', '_rev', 'type', 'xmlns', 'server_modified_on', 'received_on'];
const OWN_PATHS = ['["@xmlns"]', '["meta","instanceID"]'];

/** A row but for what is its own, clashing names mapped. */
function comparable(row: Row, { columns }: Found): unknown {
  const named = new Set([...columns.values(), ...OWN_COLUMNS]);
  const fixed = Object.entries(row).filter(([name]) => !named.has(name));
  const free = new Map([...columns].filter(([path]) => !OWN_PATHS.includes(path)));
  return [Object.fromEntries(fixed.sort(([a], [b]) => (a < b ? -1 : 1))), rowByPath(row, free)];
}
