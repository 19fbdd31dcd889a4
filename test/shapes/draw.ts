import fc from 'fast-check';
import { pick, seeded, shuffled } from '../helpers/seeded.js';
import { caseHabits, caseTree, formHabits, formTree, namedHabits } from './generate.js';
import type { Document, Tree } from './tree.js';

/** The documents of one table to be, in the order in which HQ gets them. */
export interface DrawnTable {
  readonly kind: 'case' | 'form';
  readonly name: string;
  /** Of two with one id the later is a new version of the record. */
  readonly documents: readonly Document[];
  /** Whether records come once only, so that all of them fit into one batch. */
  readonly once: boolean;
}

/** What HQ holds anew before one ingestion: nothing in it comes twice. */
export type Slice = readonly { readonly table: DrawnTable; readonly document: Document }[];

/** Every fifth table is one of forms. */
const FORMS_EVERY = 5;
/** Every fourth table's records come again with other values. */
const AGAIN_EVERY = 4;
const SHARE_OF_NEW = 0.6;

/**
 * The same seed and sizes always draw the same.
 * @param keys `named`: some can be declared in lake.yaml
 */
export function drawTables(
  seed: number,
  documents: number,
  perTable: number,
  keys: 'any' | 'named' = 'any',
): readonly DrawnTable[] {
  const count = Math.max(1, Math.ceil(documents / perTable));
  return Array.from({ length: count }, (_, index): DrawnTable => {
    const kind = index % FORMS_EVERY === FORMS_EVERY - 1 ? 'form' : 'case';
    const own = Math.min(perTable, documents - index * perTable);
    const once = kind === 'form' || index % AGAIN_EVERY !== AGAIN_EVERY - 1;
    const ids = once ? own : Math.ceil(own * SHARE_OF_NEW);
    const trees = drawTrees(kind, seed + index, own, keys);
    return {
      kind,
      name: `t${index}`,
      once,
      documents: trees.map((tree, at) => ({ id: `t${index}-${at % ids}`, tree })),
    };
  });
}

function drawTrees(
  kind: DrawnTable['kind'],
  seed: number,
  count: number,
  keys: 'any' | 'named',
): readonly Tree[] {
  const ofCases = keys === 'named' ? namedHabits : caseHabits;
  const [habits] = fc.sample(kind === 'case' ? ofCases : formHabits, { seed, numRuns: 1 });
  if (habits === undefined) throw new RangeError('nothing was drawn');
  return fc.sample(kind === 'case' ? caseTree(habits) : formTree(habits), { seed, numRuns: count });
}

/** Cuts the tables' documents, mixed, into about so many slices of any size. */
export function cutAtRandom(seed: number, tables: readonly DrawnTable[], slices: number): readonly Slice[] {
  const random = seeded(seed);
  // Mixed, but versions of one record in their order.
  const turns = shuffled(
    random,
    tables.flatMap((table) => table.documents.map(() => table)),
  );
  const next = new Map(tables.map((table) => [table, table.documents.values()]));
  const mixed = turns.map((table) => {
    const document = next.get(table)?.next().value;
    if (document === undefined) throw new RangeError('more turns than documents');
    return { table, document };
  });
  const cut: { table: DrawnTable; document: Document }[][] = [];
  let open: { table: DrawnTable; document: Document }[] = [];
  let ids = new Set<string>();
  for (const each of mixed) {
    // The pipeline reads a record as it is now: two versions in one slice would be one.
    if (ids.has(each.document.id) || (open.length > 0 && random() < slices / mixed.length)) {
      cut.push(open);
      [open, ids] = [[], new Set<string>()];
    }
    open.push(each);
    ids.add(each.document.id);
  }
  if (open.length > 0) cut.push(open);
  return cut;
}

/** A batch of at most so many messages cuts a slice again. */
export function batchSize(seed: number, slice: Slice): number {
  return Math.max(1, Math.ceil(slice.length / pick(seeded(seed), [1, 1, 2, 3])));
}
