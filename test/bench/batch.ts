import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { announce, benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import type { Figure, Measurement } from './measurement.js';
import type { Usage } from './usage-at-exit.js';
import { readable } from './statistics.js';

const USAGE_AT_EXIT = new URL('usage-at-exit.js', import.meta.url).href;

/** One large batch through the whole path, by the `ingestion` process itself: first into new tables, then again. */
export const batch: Measurement = {
  name: 'batch',
  title: 'One batch of forms of 11 KB over 10 tables through the whole path (`ingestion form-sql --once`)',
  needsStack: true,
  async measure(bench) {
    const count = { smoke: 100, quick: 5_000, full: 50_000 }[bench.size];
    const lake = await freshLake(bench, { config: benchConfig, env: { SPARK_DRIVER_MEMORY: '1g' } });
    bench.progress(`HQ is filled with ${count} forms`);
    const workers = await fillPlaces(lake.hq, lake.domain);
    // The forms by which HQ made its workers are no part of the batch.
    await lake.ingestAll(['form-sql']);
    const ids = await fillForms(lake.hq, lake.domain, count, workers);
    const figures: Figure[] = [];
    for (const what of ['new tables, all rows new', 'all rows there already']) {
      await announce(lake.hq, ids);
      bench.progress(`${count} forms are ingested (${what})`);
      figures.push(...(await ingested(lake, count, what)));
    }
    return figures;
  },
};

async function ingested(lake: FreshLake, count: number, what: string): Promise<readonly Figure[]> {
  const usageFile = join(dirname(lake.folder), 'usage.json');
  const options = [process.env['NODE_OPTIONS'] ?? '', `--import=${USAGE_AT_EXIT}`].join(' ').trim();
  await lake.ingestAll(['form-sql'], { NODE_OPTIONS: options, BENCH_USAGE_FILE: usageFile });
  const { cpuSeconds, peakBytes } = JSON.parse(readFileSync(usageFile, 'utf8')) as Usage;
  const times = await timesOfLastBatch(lake);
  if (times.ids !== count) throw new Error(`the last batch has ${times.ids} ids, not ${count}`);
  const rate = (label: string, seconds: number): Figure => ({
    what: `${what}: ${label}`,
    value: count / seconds,
    unit: 'rows/s',
    how: `${readable(seconds)} s`,
  });
  return [
    rate('whole path, planned to committed', times.whole),
    rate('extract, shape, stage', times.staging),
    rate('Spark alone, claimed to finished', times.spark),
    { what: `${what}: processor time of the control plane`, value: cpuSeconds, unit: 's' },
    {
      what: `${what}: peak memory of the control plane, batch of ${readable(count)}`,
      value: peakBytes / 1024 ** 2,
      unit: 'MB',
      target: { atMost: 512 },
    },
  ];
}

interface Times {
  readonly ids: number;
  /** Seconds. */
  readonly whole: number;
  readonly staging: number;
  readonly spark: number;
}

async function timesOfLastBatch(lake: FreshLake): Promise<Times> {
  const { rows } = await lake.ledger.query<Times>(
    `SELECT b.ids, extract(epoch FROM b.committed_at - b.planned_at)::float8 AS whole,
            extract(epoch FROM b.staged_at - b.planned_at)::float8 AS staging,
            (SELECT sum(extract(epoch FROM r.finished_at - r.claimed_at)) FROM run r WHERE r.batch_id = b.id)::float8 AS spark
     FROM batch b WHERE b.topic = 'form-sql' ORDER BY b.sequence DESC LIMIT 1`,
  );
  const [times] = rows;
  if (times === undefined) throw new Error('there is no batch');
  return times;
}
