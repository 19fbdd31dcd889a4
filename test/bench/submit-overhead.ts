import { setTimeout as sleep } from 'node:timers/promises';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import type { Orchestrator } from '../helpers/orchestrator.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { requireAlive, startPlane } from './control-plane.js';
import { announce, benchConfig, fillForms, fillPlaces } from './fill-hq.js';
import { FORM_TYPES } from './large-form.js';
import type { Figure, Measurement } from './measurement.js';
import { median, quantile, readable } from './statistics.js';

/** The shortest there is: what is waited for the next poll is the operator's choice, and no overhead. */
const POLL_SECONDS = '0.1';
const WARM_UPS = 3;

interface Steps {
  /** Seconds from Kafka's answer to the publisher until the batch stands in the ledger. */
  readonly plan: number;
  /** Until its staging files do: HQ is read, and staged. */
  readonly stage: number;
  /** Until its run is rendered and offered to drivers, which is right before `create` where none is warm. */
  readonly submit: number;
}

/** What the control plane itself takes between a message and Spark. */
export const submitOverhead: Measurement = {
  name: 'submit-overhead',
  title:
    'From a message that can be read to its run offered to Spark, one form at a time (polls 0.1 s apart)',
  needsStack: true,
  async measure(bench) {
    const rounds = { smoke: 1, quick: 15, full: 50 }[bench.size];
    await endDrivers();
    const lake = await freshLake(bench, {
      config: benchConfig,
      env: { POLL_SECONDS, SPARK_WARM_SECONDS: '600' },
    });
    const workers = await fillPlaces(lake.hq, lake.domain);
    await announce(lake.hq, await fillForms(lake.hq, lake.domain, FORM_TYPES, workers));
    await lake.ingestAll(['form-sql']);
    const plane = startPlane(bench, lake, {});
    const all: Steps[] = [];
    for (let round = 0; round < WARM_UPS + rounds; round++) {
      bench.progress(`round ${round + 1} of ${WARM_UPS + rounds}`);
      all.push(await stepsOfOne(lake, plane, workers));
    }
    const timed = all.slice(WARM_UPS);
    const overheads = timed.map(({ plan, submit }) => (plan + submit) * 1000);
    const part = (what: string, of: (steps: Steps) => number): Figure => ({
      what,
      value: median(timed.map(of)) * 1000,
      unit: 'ms',
      how: `p95 ${readable(quantile(timed.map(of), 0.95) * 1000)}`,
    });
    return [
      {
        what: 'message to submission, less reading and staging',
        value: median(overheads),
        unit: 'ms',
        target: { atMost: 200 },
        how: `median of ${rounds}; p95 ${readable(quantile(overheads, 0.95))}`,
      },
      part('message to batch, the wait for the next poll included', (steps) => steps.plan),
      part('reading and staging', (steps) => steps.stage),
      part('staged to offered: render, lease, ledger, queue', (steps) => steps.submit),
    ];
  },
};

async function stepsOfOne(lake: FreshLake, plane: Orchestrator, workers: readonly string[]): Promise<Steps> {
  const { rows: before } = await lake.ledger.query<{ newest: string }>(
    "SELECT coalesce(max(sequence), 0)::text AS newest FROM batch WHERE topic = 'form-sql'",
  );
  const ids = await fillForms(lake.hq, lake.domain, 1, workers);
  await announce(lake.hq, ids);
  const published = Date.now() / 1000;
  for (;;) {
    const { rows } = await lake.ledger.query<{
      planned: number;
      staged: number;
      offered: number;
      isDone: boolean;
    }>(
      `SELECT extract(epoch FROM b.planned_at)::float8 AS planned, extract(epoch FROM b.staged_at)::float8 AS staged,
         extract(epoch FROM min(r.created_at))::float8 AS offered, b.state = 'committed' AS "isDone"
       FROM batch b JOIN run r ON r.batch_id = b.id
       WHERE b.topic = 'form-sql' AND b.sequence > $1::bigint GROUP BY b.id`,
      [before[0]?.newest ?? '0'],
    );
    const [times] = rows;
    if (times?.isDone === true) {
      const { planned, staged, offered } = times;
      // A poll may have seen the message before its publisher heard of it.
      return { plan: Math.max(0, planned - published), stage: staged - planned, submit: offered - staged };
    }
    requireAlive(plane);
    await sleep(50);
  }
}
