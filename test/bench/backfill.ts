import { dimagiLake } from '../helpers/dimagi-lake.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { countByOtherEngine } from '../oracle/oracle.js';
import { costFigures, startPlane } from './control-plane.js';
import { benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import type { Figure, Measurement } from './measurement.js';
import { allOf, treeOf, usageOf } from './process-usage.js';
import { sparkOf } from './spark-usage.js';
import { readable } from './statistics.js';

/** The first load of a domain whose history is older than what Kafka keeps. */
export const backfill: Measurement = {
  name: 'backfill',
  title: 'All forms (11 KB) of a domain into 10 new tables: `migration <domain> --wait`, beside `up`',
  needsStack: true,
  async measure(bench) {
    const count = { smoke: 200, quick: 20_000, full: 1_000_000 }[bench.size];
    await endDrivers();
    const env = { SPARK_DRIVER_MEMORY: '2g', SPARK_WARM_SECONDS: '600' };
    const lake = await freshLake(bench, { config: benchConfig, env });
    bench.progress(`HQ is filled with ${readable(count)} forms`);
    await fillForms(lake.hq, lake.domain, count, await fillPlaces(lake.hq, lake.domain));
    await lake.ingestAll(['form-sql']);
    const plane = startPlane(bench, lake, {});
    bench.progress('they are migrated');
    const began = performance.now();
    const watched = allOf(treeOf(plane.pid), sparkOf(stackVariable('TEST_STACK_DIR')));
    const { usage } = await usageOf(watched, () => dimagiLake(lake, 'migration', lake.domain, '--wait'));
    const seconds = (performance.now() - began) / 1000;
    const counts = await countByOtherEngine({ ...process.env, ...lake.env });
    const there = counts.reduce((sum, { lake: rows }) => sum + (rows ?? 0), 0);
    if (there !== count) throw new Error(`deltalake reads ${there} rows, not ${count}`);
    const { rows } = await lake.ledger.query<{ batches: number; staging: number; spark: number }>(
      `SELECT count(*)::int AS batches, sum(extract(epoch FROM b.staged_at - b.planned_at))::float8 AS staging,
         (SELECT sum(extract(epoch FROM r.finished_at - r.claimed_at)) FROM run r WHERE r.batch_id IS NOT NULL)::float8 AS spark
       FROM batch b WHERE b.topic = 'form-sql' AND b.ids > 0`,
    );
    const [batches] = rows;
    const figures: Figure[] = [
      {
        what: `${readable(count)} forms, from the command to its end`,
        value: count / seconds,
        unit: 'forms/s',
        target: { atLeast: 2_000 },
        how: `${readable(seconds)} s in ${batches?.batches ?? 0} batches; Spark at work ${readable(batches?.spark ?? 0)} s`,
      },
    ];
    return [...figures, ...costFigures(lake, usage, { count, what: 'forms', unit: 'forms/s' })];
  },
};
