import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import type { Orchestrator } from '../helpers/orchestrator.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { countByOtherEngine } from '../oracle/oracle.js';
import { endPlane, requireAlive, startPlane } from './control-plane.js';
import { DeltaRows } from './delta-rows.js';
import { fillPlaces } from './fill-hq.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { rewriteFigure, tablesIn } from './merge/delta-files.js';
import { MixedChanges, mixedConfig } from './mixed-changes.js';
import { allOf, treeOf, usageOf } from './process-usage.js';
import { sparkOf } from './spark-usage.js';
import { median, quantile, readable } from './statistics.js';

const LOOK_EVERY_MS = 20;
const LONGEST_S = 300;
/** The product's own default: on average half of it is waited for the next poll. */
const POLL_SECONDS = '2';
const TARGETS = { warm: 15, cold: 45 } as const;
/** Records that are there before: every round edits and deletes some. */
const FIRST = 4_000;

/** From HQ's announcement to rows that another reader sees. */
export const freshness: Measurement = {
  name: 'freshness',
  title:
    'Seconds from publish to readable rows: new, edited and deleted forms (11 KB) and cases, 10 tables, `up`',
  needsStack: true,
  async measure(bench) {
    const lake = await freshLake(bench, {
      config: mixedConfig,
      env: { POLL_SECONDS, SPARK_DRIVER_MEMORY: '1g' },
    });
    const changes = new MixedChanges(lake.hq, lake.domain, await fillPlaces(lake.hq, lake.domain));
    bench.progress('the tables are made');
    await changes.begin(bench.size === 'smoke' ? 200 : FIRST);
    await lake.ingestAll(['form-sql', 'case-sql']);
    const figures: Figure[] = [];
    for (const state of ['warm', 'cold'] as const) {
      await endDrivers();
      const plane = startPlane(bench, lake, { SPARK_WARM_SECONDS: state === 'warm' ? '600' : '0' });
      // A driver is warm after its first runs; the others start anew each time anyway.
      if (state === 'warm') await latencies(lake, plane, changes, 100);
      for (const count of bench.size === 'smoke' ? [20] : [20, 1_000])
        figures.push(...(await measured(bench, lake, { plane, state, changes, count })));
      await endPlane(plane);
    }
    await requireCounts(lake);
    const tables = ['form-sql', 'case-sql'].flatMap((topic) =>
      tablesIn(join(lake.folder, 'commcare', lake.domain, topic)),
    );
    return [...figures, rewriteFigure('all batches', tables)];
  },
};

interface Round {
  readonly plane: Orchestrator;
  readonly state: 'warm' | 'cold';
  readonly changes: MixedChanges;
  readonly count: number;
}

async function measured(
  bench: Bench,
  lake: FreshLake,
  { plane, state, changes, count }: Round,
): Promise<Figure[]> {
  const all: number[] = [];
  const last: number[] = [];
  const rounds = { smoke: 1, quick: 3, full: 20 }[bench.size];
  const watched = allOf(treeOf(plane.pid), sparkOf(stackVariable('TEST_STACK_DIR')));
  const { usage } = await usageOf(watched, async () => {
    for (let round = 0; round < rounds; round++) {
      bench.progress(`${readable(count)} changes, ${state} driver, round ${round + 1} of ${rounds}`);
      const seconds = await latencies(lake, plane, changes, count);
      all.push(...seconds);
      last.push(Math.max(...seconds));
    }
  });
  const what = `${readable(count)} changes, ${state} driver`;
  return [
    {
      what: `${what}: p95 of all changes`,
      value: quantile(all, 0.95),
      unit: 's',
      ...(count === 1_000 ? { target: { atMost: TARGETS[state] } } : {}),
      how: `p50 ${readable(median(all))}; the last of each round: ${last.map(readable).join('; ')}`,
    },
    ...(usage === null
      ? []
      : [
          {
            what: `${what}: processor time per round, control plane and drivers`,
            value: usage.cpuSeconds / rounds,
            unit: 's',
            how: `peak memory ${readable(usage.peakBytes / 1024 ** 2)} MB`,
          },
        ]),
  ];
}

/** Makes changes and announces them. @returns for each, seconds from the announcement of the first to its commit */
async function latencies(
  lake: FreshLake,
  plane: Orchestrator,
  changes: MixedChanges,
  count: number,
): Promise<number[]> {
  const folder = join(lake.folder, 'commcare', lake.domain);
  const rows = new DeltaRows([join(folder, 'form-sql'), join(folder, 'case-sql')]);
  const before = rows.changed();
  const publish = await changes.prepare(count);
  const began = performance.now();
  const published = publish();
  const seconds: number[] = [];
  while (seconds.length < count) {
    const now = (performance.now() - began) / 1000;
    const seen = Math.min(count, rows.changed() - before);
    while (seconds.length < seen) seconds.push(now);
    if (now > LONGEST_S)
      throw new Error(`rows are still missing; the log of the ingestion:\n${plane.stderr()}`);
    requireAlive(plane);
    await sleep(LOOK_EVERY_MS);
  }
  await published;
  return seconds;
}

/** The Delta log told when rows could be read; deltalake, another engine, reads them. */
async function requireCounts(lake: FreshLake): Promise<void> {
  for (const { table, lake: rows, hq } of await countByOtherEngine({ ...process.env, ...lake.env })) {
    if (rows !== hq) throw new Error(`deltalake reads ${rows ?? 'no'} rows of ${table}, HQ has ${hq}`);
  }
}
