import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stackVariable } from '../helpers/stack-environment.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { rewriteFigure } from './merge/delta-files.js';
import { MergeTable, type Merged } from './merge/merge-table.js';
import { openMergeLake, spread } from './merge/open-merge-lake.js';
import { eventLogTo, jobsOf, profileOf, type Profile } from './merge/spark-profile.js';
import { whileWatched } from './spark-usage.js';
import { median, quantile, readable } from './statistics.js';

const ROWS = 1_000;
/** A driver compiles what it runs again and again; these merges are no part of the figures. */
const WARM_UPS = 5;

/** A small MERGE by a driver that has done it before, and where its time goes. */
export const warmMerge: Measurement = {
  name: 'warm-merge',
  title:
    'A MERGE of 1,000 rows of 40 columns by a warm driver (the lane of `orchestrator/sql`, the real runner)',
  needsStack: true,
  async measure(bench) {
    const size = { smoke: 2_000, quick: 100_000, full: 500_000 }[bench.size];
    const rounds = { smoke: 1, quick: 12, full: 30 }[bench.size];
    await endDrivers();
    const { lake, spark } = await openMergeLake(bench);
    const table = new MergeTable(spark, lake.domain, 'warm');
    bench.progress(`the table grows to ${readable(size)} rows`);
    await table.grow(size);
    bench.progress('merges without Spark’s event log');
    const { result: merges, usage } = await whileWatched(stackVariable('TEST_STACK_DIR'), () =>
      mergeRounds(table, size, WARM_UPS + rounds),
    );
    const timed = merges.slice(WARM_UPS).map(({ seconds }) => seconds);
    const figures = [...figuresOf(table, size, timed, merges)];
    if (usage !== null)
      figures.push(
        {
          what: 'processor time of Spark per merge, warm-up included',
          value: usage.cpuSeconds / merges.length,
          unit: 's',
        },
        { what: 'peak memory of Spark', value: usage.peakBytes / 1024 ** 2, unit: 'MB' },
      );
    figures.push(...(await profiled(bench, table, size, join(dirname(lake.folder), 'events'), rounds)));
    return figures;
  },
};

async function mergeRounds(
  table: MergeTable,
  size: number,
  rounds: number,
  properties?: Readonly<Record<string, string>>,
): Promise<Merged[]> {
  const merges: Merged[] = [];
  for (let round = 0; round < rounds; round++) {
    const staged = await table.stage(spread(ROWS, size, round));
    // The first one starts the driver that does the others too.
    const isFirst = round === 0 && properties !== undefined;
    merges.push(await table.merge(staged, isFirst ? { properties } : {}));
  }
  return merges;
}

function* figuresOf(
  table: MergeTable,
  size: number,
  timed: readonly number[],
  merges: readonly Merged[],
): Generator<Figure> {
  yield {
    what: `${readable(ROWS)} rows into ${readable(size)}`,
    value: median(timed),
    unit: 's',
    target: { atMost: 0.7 },
    how: `median of ${timed.map(readable).join('; ')}`,
  };
  yield { what: 'p95 of them', value: quantile(timed, 0.95), unit: 's' };
  const lanes = merges.slice(WARM_UPS).flatMap(({ run }) => run.lanes.map(({ seconds }) => seconds));
  yield {
    what: 'the whole lane: naming in the metastore, the view, the MERGE',
    value: median(lanes),
    unit: 's',
  };
  yield rewriteFigure('the MERGE', [table.folder], timed.length);
}

/** The same once more with an event log, whose writing costs a little; so its seconds are no target's. */
async function profiled(
  bench: Bench,
  table: MergeTable,
  size: number,
  folder: string,
  rounds: number,
): Promise<readonly Figure[]> {
  bench.progress('merges with Spark’s event log, for the profile');
  await endDrivers();
  mkdirSync(folder);
  const merges = await mergeRounds(table, size, WARM_UPS + rounds, eventLogTo(folder));
  await endDrivers();
  const jobs = jobsOf(folder);
  const profiles = merges.slice(WARM_UPS).map(({ statements }) => {
    const merge = statements.find(({ row }) => row !== null && 'num_affected_rows' in row);
    if (merge === undefined) throw new Error('a lane without its MERGE');
    return profileOf(merge, jobs);
  });
  const share = (what: string, of: (profile: Profile) => number, unit = 's'): Figure => ({
    what: `profile: ${what}`,
    value: median(profiles.map(of)),
    unit,
  });
  const metastore = merges
    .slice(WARM_UPS)
    .map(({ statements, seconds }) => statements.reduce((sum, each) => sum + each.seconds, 0) - seconds);
  return [
    share('before the first job (parse, resolve, snapshot, plan)', (each) => each.beforeJobs),
    share('in jobs', (each) => each.inJobs),
    share('between jobs (planning and code of the next)', (each) => each.betweenJobs),
    share('after the last job (commit)', (each) => each.afterJobs),
    share('jobs', (each) => each.jobs, 'jobs'),
    { what: 'profile: the lane’s other statements (metastore, view)', value: median(metastore), unit: 's' },
  ];
}
