import { test } from 'node:test';
import { freshLake } from '../helpers/fresh-lake.js';
import { requireAnyTypedShape } from '../shapes/any-shape.js';
import { drawTables } from '../shapes/draw.js';
import { typedConfig } from '../shapes/draw-types.js';
import { seedOf, wholeNumber } from '../shapes/seed.js';

const DOCUMENTS = 2_000;
const SIZES = { perTable: 250, tablesAtOnce: 4, slices: 20 };

/** SHAPE_DOCUMENTS makes it shorter or longer, SHAPE_SEED repeats one. */
test('documents of any shape stand in the lake as HQ has them, whatever types are declared and changed', async (t) => {
  const seed = seedOf(process.env);
  const documents = wholeNumber(process.env, 'SHAPE_DOCUMENTS') ?? DOCUMENTS;
  process.stderr.write(`any-typed-shape: SHAPE_SEED=${seed} SHAPE_DOCUMENTS=${documents}\n`);
  const tables = drawTables(seed, documents, SIZES.perTable, 'named');
  const lake = await freshLake(t, { config: (domain) => typedConfig(domain, tables, seed) });
  await requireAnyTypedShape(lake, tables, { ...SIZES, seed, documents }, (line) => {
    process.stderr.write(`any-typed-shape: ${line}\n`);
  });
});
