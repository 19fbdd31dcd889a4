import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { loadProgramme } from '../hq-sim/programme/load.js';
import { WarehouseReader } from '../truth/warehouse-rows.js';
import { formsOf, growStatements, growthOf, type Growth } from './grow-lake.js';
import { openLakeSpark } from './lake-spark.js';
import { runCompiled } from './merge/run-lanes.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { whileWatched } from './spark-usage.js';
import { readable } from './statistics.js';

/** The month measured, and the one before it, in which the small programme begins. */
const MONTH = '2026-01-01';
const MONTH_BEFORE = '2025-12-01';
const CHILDREN_PER_CENTRE = 40;
const MOST_CENTRES = 2000;

/** By their names on the command line, in the order in which each finds what it needs. */
const AGGREGATIONS = [
  ...['location', 'service_enrollment', 'child_weight_height', 'supplementary_nutrition', 'child_thr'],
  ...['child_care', 'agg_child_care'],
];

/** All aggregations of one month over a large lake, one after the other, through the command line. */
export const aggregation: Measurement = {
  name: 'aggregation',
  title:
    'One month of every aggregation, from the lake to the warehouse (`aggregation <name> <domain> <month>`)',
  needsStack: true,
  async measure(bench) {
    const growth = growthOf({ smoke: 400, quick: 20_000, full: 1_000_000 }[bench.size]);
    const lake = await grownLake(bench, growth);
    bench.progress('the month before is computed, which the enrolments need');
    await dimagiLake(lake, 'aggregation', 'service_enrollment', lake.domain, MONTH_BEFORE);
    await endDrivers();
    const figures: Figure[] = [];
    let seconds = 0;
    for (const name of AGGREGATIONS) {
      bench.progress(name);
      const measured = await measuredRun(lake, name);
      seconds += measured.seconds;
      figures.push(...measured.figures);
    }
    await requireRows(lake, growth);
    const read = 2 * growth.children + formsOf(growth);
    figures.push({
      what: `all, ${readable(growth.children)} children and ${readable(formsOf(growth))} forms`,
      value: seconds,
      unit: 's',
      how: `${readable(read / seconds)} rows read a second`,
    });
    return figures;
  },
};

/** A small programme gives the tables their columns; Spark writes the many rows, in the shape of ingested ones. */
async function grownLake(bench: Bench, growth: Growth): Promise<FreshLake> {
  // Months of an earlier measurement would be fresh.
  const lake = await freshLake(bench, {
    env: { SPARK_DRIVER_MEMORY: bench.size === 'full' ? '3g' : '1g', AGG_DATA_PATH: aggregatesAt() },
  });
  const centres = Math.min(MOST_CENTRES, Math.max(16, Math.round(growth.children / CHILDREN_PER_CENTRE)));
  bench.progress(`a programme of ${readable(centres)} centres is told and ingested`);
  const size = { months: 2, firstMonth: MONTH_BEFORE.slice(0, 7), families: 30, centres };
  await loadProgramme(lake.hq, lake.clock, { domain: lake.domain, forms: centres + 230, ...size });
  await lake.ingestAll();
  bench.progress(
    `the lake grows to ${readable(growth.children)} children and ${readable(formsOf(growth))} forms`,
  );
  const spark = openLakeSpark(lake);
  const commcare = ['commcare', lake.domain] as const;
  try {
    const statements = growStatements(
      {
        url: [spark.environment.HQ_DATA_PATH, ...commcare].join('/'),
        folder: join(lake.folder, ...commcare),
        month: MONTH,
      },
      growth,
    );
    for (const statement of statements) await runCompiled(spark, statement);
  } finally {
    await spark.close();
  }
  return lake;
}

function aggregatesAt(): string {
  return new URL(`bench-${randomUUID()}`, `${stackVariable('AGG_DATA_PATH')}/`).href;
}

interface Computed {
  readonly computed: readonly {
    readonly table: string;
    readonly outcome: string;
    readonly rows: number | null;
    readonly steps: Readonly<Record<string, number | null>>;
  }[];
}

async function measuredRun(
  lake: FreshLake,
  name: string,
): Promise<{ readonly seconds: number; readonly figures: readonly Figure[] }> {
  const began = performance.now();
  const { result, usage } = await whileWatched(stackVariable('TEST_STACK_DIR'), () =>
    dimagiLake(lake, 'aggregation', name, lake.domain, MONTH),
  );
  const seconds = (performance.now() - began) / 1000;
  const [run, ...more] = (result as Computed).computed;
  if (run?.outcome !== 'done' || more.length > 0)
    throw new Error(`${name} should have been computed, alone: ${JSON.stringify(result)}`);
  const steps = Object.entries(run.steps).map(([step, took]) => `${step} ${readable(took ?? 0)}`);
  const rows = run.rows ?? 0;
  const figures: Figure[] = [
    {
      what: `${name}: ${readable(rows)} rows`,
      value: seconds,
      unit: 's',
      how: [`${readable(rows / seconds)} rows/s`, ...steps].join(', '),
    },
  ];
  if (usage !== null) {
    figures.push(
      { what: `${name}: processor time of Spark`, value: usage.cpuSeconds, unit: 's' },
      { what: `${name}: peak memory of Spark`, value: usage.peakBytes / 1024 ** 2, unit: 'MB' },
    );
  }
  return { seconds, figures };
}

/** Numbers of nothing would be fast. */
async function requireRows(lake: FreshLake, { children }: Growth): Promise<void> {
  const warehouse = new WarehouseReader({ ...process.env, ...lake.env });
  try {
    const rows = await warehouse.rows('agg_child_care', lake.domain, MONTH);
    const top = rows.filter((row) => row['location_level'] === 1);
    const counted = top.reduce((sum, row) => sum + Number(row['children_in_month']), 0);
    if (counted < children) throw new Error(`${counted} of ${children} children are in the numbers`);
  } finally {
    await warehouse.close();
  }
}
