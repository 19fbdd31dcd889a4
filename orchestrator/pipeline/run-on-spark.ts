import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { followRun } from '../commit/follow-run.js';
import { readLaneResults, type LaneOutcome } from '../commit/run-result.js';
import { insertRun, readRun, voidRun, warmDriver, type NewRun } from '../ledger/runs.js';
import { takeTurn } from '../ledger/turns.js';
import { writeRunFiles, type LaneScript } from '../submit/run-files.js';
import { needsExecutors, type Application } from '../submit/driver-request.js';
import { giveToDriver, type DriverContext } from './give-to-driver.js';

const LOOK_EVERY_MS = 1_000;

/** Scripts to be run that belong to no batch. */
export interface ScriptsToRun {
  /** Unique. */
  readonly runId: string;
  /** Folder of scripts and result, relative to CHECKPOINT_BASE_DIR. */
  readonly path: string;
  readonly lanes: readonly LaneScript[];
  readonly application?: Application;
}

export interface ScriptsOutcome {
  /** How the run ended; what it wrote is told by the Delta log alone. */
  readonly state: 'done' | 'failed' | 'voided';
  /** Spark's id of the driver that claimed it; null when none did. */
  readonly driver: string | null;
  /** By lane id; empty when the driver left no result. */
  readonly lanes: ReadonlyMap<string, LaneOutcome>;
}

/**
 * Runs scripts as merges are run (a run in the ledger that a driver claims), but without a batch. When nobody waits for
 * the run any more (`signal`), a driver that has yet to claim it is refused.
 */
export async function runOnSpark(
  context: DriverContext,
  { runId, path, lanes, application }: ScriptsToRun,
  signal: AbortSignal,
): Promise<ScriptsOutcome> {
  const { database, checkpoint } = context;
  const token = randomUUID();
  const group = application?.group;
  try {
    const runFile = await writeRunFiles(checkpoint, path, runId, lanes);
    const run = { id: runId, batchId: null, token, path, runFile, ...(group === undefined ? {} : { group }) };
    await insertInTurn(context, run, application, signal);
    const submitted = {
      runId,
      token,
      runFile,
      rows: 0,
      ...(application === undefined ? {} : { application }),
    };
    await giveToDriver(context, submitted, signal);
    const leaseSeconds = context.environment.RUN_LEASE_SECONDS;
    const state = await followRun(database, context.spark, runId, leaseSeconds, context.logger, signal);
    const { claimedBy } = await readRun(database, runId);
    const ended = state === 'submitted' || state === 'claimed' ? 'voided' : state;
    return { state: ended, driver: claimedBy, lanes: await readLaneResults(checkpoint, path) };
  } finally {
    await voidRun(database, runId, 'submitted', 'nobody waits for it any more');
  }
}

/**
 * Writes the run into the ledger; one on executors waits for its turn. Not the next step of an application whose driver is still there: it has its
 * executors, and whoever has the turn may be waiting for them.
 */
async function insertInTurn(
  { database, environment, logger }: DriverContext,
  run: NewRun,
  application: Application | undefined,
  signal: AbortSignal,
): Promise<void> {
  const onExecutors = needsExecutors(
    { rows: 0, ...(application === undefined ? {} : { application }) },
    environment,
  );
  let isTold = false;
  for (;;) {
    const hasDriver = onExecutors && (await warmDriver(database, run.group)) !== undefined;
    const isWritten = await database.transaction(async (tx) => {
      if (onExecutors && !hasDriver && !(await takeTurn(tx))) return false;
      await insertRun(tx, { ...run, onExecutors }, []);
      return true;
    });
    if (isWritten) return;
    if (!isTold) logger.info('run waits for its turn on executors', { runId: run.id });
    isTold = true;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
