import { endDrivers } from '../helpers/spark-drivers.js';
import type { Figure, Measurement } from './measurement.js';
import { rewriteFigure } from './merge/delta-files.js';
import { MergeTable } from './merge/merge-table.js';
import { openMergeLake, spread } from './merge/open-merge-lake.js';
import { median, readable } from './statistics.js';

const WARM_UPS = 3;

/** Whether a table's size makes its merges slower. */
export const mergeGrowth: Measurement = {
  name: 'merge-growth',
  title:
    'The same small batch of updates into a table and into a much larger one, in turn, by one warm driver',
  needsStack: true,
  async measure(bench) {
    const [small, large] = {
      smoke: [2_000, 20_000],
      quick: [100_000, 1_000_000],
      full: [500_000, 10_000_000],
    }[bench.size] as [number, number];
    const count = { smoke: 200, quick: 2_000, full: 2_000 }[bench.size];
    const rounds = { smoke: 1, quick: 8, full: 15 }[bench.size];
    await endDrivers();
    const { lake, spark } = await openMergeLake(bench, '2g');
    const tables: { readonly size: number; readonly table: MergeTable; readonly seconds: number[] }[] = [];
    for (const size of [small, large]) {
      bench.progress(`a table grows to ${readable(size)} rows`);
      const table = new MergeTable(spark, lake.domain, `rows_${size}`);
      await table.grow(size);
      tables.push({ size, table, seconds: [] });
    }
    for (let round = 0; round < WARM_UPS + rounds; round++) {
      for (const { table, size, seconds } of tables) {
        const merged = await table.merge(await table.stage(spread(count, size, round)));
        if (round >= WARM_UPS) seconds.push(merged.seconds);
      }
    }
    const figures: Figure[] = tables.map(({ size, seconds }) => ({
      what: `${readable(count)} rows into ${readable(size)}`,
      value: median(seconds),
      unit: 's',
      how: `median of ${seconds.map(readable).join('; ')}`,
    }));
    const [first, second] = tables;
    const ratio = median(second?.seconds ?? []) / median(first?.seconds ?? []);
    figures.push({
      what: `growth from ${readable(small)} to ${readable(large)} rows`,
      value: ratio,
      unit: 'times',
      target: { atMost: 1.5 },
    });
    for (const { size, table } of tables) {
      figures.push(rewriteFigure(`${readable(size)} rows`, [table.folder], rounds));
    }
    return figures;
  },
};
