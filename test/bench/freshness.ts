import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import type { Orchestrator } from '../helpers/orchestrator.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { countByOtherEngine } from '../oracle/oracle.js';
import { DeltaRows } from './delta-rows.js';
import { announce, benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import { FORM_TYPES } from './large-form.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { median, readable } from './statistics.js';

const LOOK_EVERY_MS = 20;
const LONGEST_S = 300;
/** The product's own default: on average half of it is waited for the next poll. */
const POLL_SECONDS = '2';

/** From HQ's announcement to rows that another reader sees. */
export const freshness: Measurement = {
  name: 'freshness',
  title: 'Seconds from publish to readable rows (forms of 11 KB; 1,000 forms: 10 tables, until the last row)',
  needsStack: true,
  async measure(bench) {
    const lake = await freshLake(bench, { config: benchConfig, env: { POLL_SECONDS } });
    const workers = await fillPlaces(lake.hq, lake.domain);
    bench.progress('the tables are made');
    await announce(lake.hq, await fillForms(lake.hq, lake.domain, FORM_TYPES, workers));
    await lake.ingestAll(['form-sql']);
    const figures: Figure[] = [];
    for (const [state, warmSeconds] of [
      ['warm', '600'],
      ['cold', '0'],
    ] as const) {
      await endDrivers();
      const plane = lake.start('form-sql', { SPARK_WARM_SECONDS: warmSeconds }, []);
      // A driver is warm after its first run; the others start anew each time anyway.
      if (state === 'warm') await secondsUntilReadable(lake, plane, FORM_TYPES, workers);
      for (const forms of bench.size === 'smoke' ? [1] : [1, 1_000])
        figures.push(await measured(bench, lake, { plane, state, forms, workers }));
      plane.kill('SIGTERM');
      await plane.ended;
    }
    await requireCounts(lake);
    return figures;
  },
};

interface Round {
  readonly plane: Orchestrator;
  readonly state: 'warm' | 'cold';
  readonly forms: number;
  readonly workers: readonly string[];
}

async function measured(
  bench: Bench,
  lake: FreshLake,
  { plane, state, forms, workers }: Round,
): Promise<Figure> {
  const seconds: number[] = [];
  const rounds = { smoke: 1, quick: 3, full: 9 }[bench.size];
  for (let round = 0; round < rounds; round++) {
    bench.progress(`${readable(forms)} forms, ${state} driver, round ${round + 1}`);
    seconds.push(await secondsUntilReadable(lake, plane, forms, workers));
  }
  return {
    what: `${readable(forms)} form${forms === 1 ? '' : 's'}, ${state} driver`,
    value: median(seconds),
    unit: 's',
    how: `median of ${seconds.map(readable).join('; ')}`,
  };
}

async function secondsUntilReadable(
  lake: FreshLake,
  plane: Orchestrator,
  count: number,
  workers: readonly string[],
): Promise<number> {
  const rows = new DeltaRows(join(lake.folder, 'commcare', lake.domain, 'form-sql'));
  const ids = await fillForms(lake.hq, lake.domain, count, workers);
  const wanted = rows.inserted() + count;
  const began = performance.now();
  await announce(lake.hq, ids);
  while (rows.inserted() < wanted) {
    if (performance.now() - began > LONGEST_S * 1000 || !isAlive(plane.pid))
      throw new Error(`rows are still missing; the log of the ingestion:\n${plane.stderr()}`);
    await sleep(LOOK_EVERY_MS);
  }
  return (performance.now() - began) / 1000;
}

/** The Delta log told when rows could be read; deltalake, another engine, reads them. */
async function requireCounts(lake: FreshLake): Promise<void> {
  for (const { table, lake: rows, hq } of await countByOtherEngine({ ...process.env, ...lake.env })) {
    if (rows !== hq) throw new Error(`deltalake reads ${rows ?? 'no'} rows of ${table}, HQ has ${hq}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
