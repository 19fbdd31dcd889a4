import { test } from 'node:test';
import { freshLake } from '../helpers/fresh-lake.js';
import { anyTypeConfig, requireAnyShape } from '../shapes/any-shape.js';
import { seedOf } from '../shapes/seed.js';

/** The long run is long/any-shape.test.ts. */
const SIZES = { documents: 80, perTable: 40, tablesAtOnce: 3, slices: 2 };

test('documents of any shape, in any cut, are found again in the lake, value by value', async (t) => {
  const seed = seedOf(process.env);
  process.stderr.write(`any-shape: SHAPE_SEED=${seed} draws the same documents and batches\n`);
  const lake = await freshLake(t, { config: anyTypeConfig });
  await requireAnyShape(lake, { ...SIZES, seed });
  await lake.requireEqual();
});
