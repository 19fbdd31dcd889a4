import { setTimeout as sleep } from 'node:timers/promises';
import { readIds } from '../../orchestrator/plan/id-manifest.js';
import { readSettings } from '../../orchestrator/config/settings.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import type { Orchestrator } from '../helpers/orchestrator.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { costFigures, requireAlive, startPlane } from './control-plane.js';
import { announce, benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import type { Figure, Measurement } from './measurement.js';
import { allOf, treeOf, usageOf } from './process-usage.js';
import { sparkOf } from './spark-usage.js';
import { median, quantile, readable } from './statistics.js';

/** The share of changes whose records the lake has already. */
const KNOWN = 0.5;
const ANNOUNCED_PER_SECOND = 4;
/** After the last change, how long the lake may take until nothing waits any more. */
const LONGEST_S = 1_200;

/** Changes at an even rate: does the lake keep up, and how old is what it shows. */
export const steady: Measurement = {
  name: 'steady',
  title: 'Forms of 11 KB over 10 tables at an even rate, half of them there already (`up`, Spark beside it)',
  needsStack: true,
  async measure(bench) {
    const rate = { smoke: 20, quick: 50, full: 1_000 }[bench.size];
    const seconds = { smoke: 5, quick: 60, full: 600 }[bench.size];
    await endDrivers();
    const env = { SPARK_DRIVER_MEMORY: '1g', SPARK_WARM_SECONDS: '600', POLL_SECONDS: '2' };
    const lake = await freshLake(bench, { config: benchConfig, env });
    const workers = await fillPlaces(lake.hq, lake.domain);
    const count = rate * seconds;
    bench.progress(`HQ is filled with ${readable(count)} forms`);
    const known = await fillForms(lake.hq, lake.domain, count * KNOWN, workers);
    await announce(lake.hq, known);
    await lake.ingestAll(['form-sql']);
    const fresh = await fillForms(lake.hq, lake.domain, count - known.length, workers);
    // Each id once, so that its batch tells when its one change could be read.
    const ids = fresh.flatMap((id, index) => [id, ...known.slice(index, index + 1)]);
    const before = await committedIds(lake);
    const plane = startPlane(bench, lake, {});
    const watched = allOf(treeOf(plane.pid), sparkOf(stackVariable('TEST_STACK_DIR')));
    bench.progress(`${rate} changes a second for ${seconds} s`);
    const { result, usage } = await usageOf(watched, async () => {
      const published = await publishEvenly(lake, plane, ids, rate);
      const lastAt = Date.now();
      await untilCommitted(lake, plane, before + count);
      return { published, behind: (Date.now() - lastAt) / 1000 };
    });
    const ages = await agesWhenCommitted(lake, result.published);
    if (ages.length !== count) throw new Error(`${ages.length} of ${count} changes are in a batch`);
    const figures: Figure[] = [
      {
        what: `${rate} changes/s for ${seconds} s: p95 of the freshness`,
        value: quantile(ages, 0.95),
        unit: 's',
        target: { atMost: 60 },
        how: `p50 ${readable(median(ages))}, oldest ${readable(Math.max(...ages))}, from publish to the batch's commit`,
      },
      { what: 'from the last change to the last commit', value: result.behind, unit: 's' },
    ];
    return [...figures, ...costFigures(lake, usage, { count, what: 'changes', unit: 'rows/s' })];
  },
};

/** @returns when each id was announced, milliseconds since 1970 */
async function publishEvenly(
  lake: FreshLake,
  plane: Orchestrator,
  ids: readonly string[],
  rate: number,
): Promise<ReadonlyMap<string, number>> {
  const published = new Map<string, number>();
  const began = Date.now();
  while (published.size < ids.length) {
    requireAlive(plane);
    const due = Math.min(ids.length, Math.ceil(((Date.now() - began) / 1000) * rate));
    const some = ids.slice(published.size, due);
    const now = Date.now();
    await announce(lake.hq, some);
    for (const id of some) published.set(id, now);
    await sleep(1000 / ANNOUNCED_PER_SECOND);
  }
  return published;
}

async function untilCommitted(lake: FreshLake, plane: Orchestrator, ids: number): Promise<void> {
  const until = Date.now() + LONGEST_S * 1000;
  while ((await committedIds(lake)) < ids) {
    requireAlive(plane);
    if (Date.now() > until)
      throw new Error(`changes are still missing; the log:\n${plane.stderr().slice(-4_000)}`);
    await sleep(200);
  }
}

async function committedIds(lake: FreshLake): Promise<number> {
  const { rows } = await lake.ledger.query<{ ids: number }>(
    "SELECT coalesce(sum(ids), 0)::int AS ids FROM batch WHERE topic = 'form-sql' AND state = 'committed'",
  );
  return rows[0]?.ids ?? 0;
}

/** Seconds from each change's announcement to its batch's commit, when it could surely be read. */
async function agesWhenCommitted(lake: FreshLake, published: ReadonlyMap<string, number>): Promise<number[]> {
  const { environment } = readSettings({ ...process.env, ...lake.env });
  const checkpoint = openStorage(environment.CHECKPOINT_BASE_DIR, environment);
  const { rows } = await lake.ledger.query<{ path: string; sha: string; at: number }>(
    `SELECT manifest_path AS path, manifest_sha256 AS sha, extract(epoch FROM committed_at)::float8 * 1000 AS at
     FROM batch WHERE topic = 'form-sql' AND state = 'committed' ORDER BY sequence`,
  );
  const ages: number[] = [];
  for (const { path, sha, at } of rows)
    for (const { id } of await readIds(checkpoint, path, sha)) {
      const since = published.get(id);
      // The batches that filled the lake came before.
      if (since !== undefined && at >= since) ages.push((at - since) / 1000);
    }
  return ages;
}
