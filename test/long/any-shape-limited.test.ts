import { test } from 'node:test';
import { freshLake } from '../helpers/fresh-lake.js';
import { anyTypeConfig, requireAnyShapeWithin } from '../shapes/any-shape.js';
import { seedOf, wholeNumber } from '../shapes/seed.js';

const DOCUMENTS = 600;
const LIMIT = 40;

/** SHAPE_DOCUMENTS makes it another number, SHAPE_SEED repeats one. */
test(`documents of any shape under a limit of ${LIMIT} columns lose no text and bring none twice`, async (t) => {
  const seed = seedOf(process.env);
  const documents = wholeNumber(process.env, 'SHAPE_DOCUMENTS') ?? DOCUMENTS;
  process.stderr.write(`any-shape-limited: SHAPE_SEED=${seed} SHAPE_DOCUMENTS=${documents}\n`);
  const lake = await freshLake(t, { config: anyTypeConfig, env: { MAX_TABLE_COLUMNS: String(LIMIT) } });
  const sizes = { perTable: 100, tablesAtOnce: 3, slices: 6, seed, documents };
  await requireAnyShapeWithin(lake, LIMIT, sizes, (line) => {
    process.stderr.write(`any-shape-limited: ${line}\n`);
  });
});
