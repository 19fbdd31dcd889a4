import { test } from 'node:test';
import { freshLake } from '../helpers/fresh-lake.js';
import { anyTypeConfig, requireAnyShape } from '../shapes/any-shape.js';
import { seedOf, wholeNumber } from '../shapes/seed.js';

const DOCUMENTS = 100_000;
const DOCUMENTS_PER_SLICE = 1_000;
const SIZES = { perTable: 2_500, tablesAtOnce: 4 };

/** SHAPE_DOCUMENTS makes it shorter, SHAPE_SEED repeats one; `npm test` has a few hundred documents of the same. */
test('a hundred thousand documents of any shape are found again in the lake, value by value', async (t) => {
  const seed = seedOf(process.env);
  const documents = wholeNumber(process.env, 'SHAPE_DOCUMENTS') ?? DOCUMENTS;
  process.stderr.write(`any-shape: SHAPE_SEED=${seed} SHAPE_DOCUMENTS=${documents}\n`);
  const lake = await freshLake(t, { config: anyTypeConfig });
  const slices = Math.ceil(documents / DOCUMENTS_PER_SLICE);
  await requireAnyShape(lake, { ...SIZES, slices, seed, documents }, (line) => {
    process.stderr.write(`any-shape: ${line}\n`);
  });
});
