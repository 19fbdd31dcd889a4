import type { Storage } from '../storage/storage.js';

export interface LaneScript {
  readonly laneId: bigint;
  readonly tableName: string;
  readonly script: string;
}

/** Lanes that run side by side in one driver; each holds its own session. */
const PARALLEL_LANES = 4;
const RESULT = 'result.json';

/**
 * Writes a run's scripts and its run file, the contract with spark-jobs/runner.
 * @returns URL of the run file, as Spark must be told it
 */
export async function writeRunFiles(
  storage: Storage,
  path: string,
  runId: string,
  lanes: readonly LaneScript[],
): Promise<string> {
  const listed = [];
  for (const lane of lanes) {
    const script = `${path}/lanes/${lane.laneId}-${lane.tableName}.sql`;
    await storage.write(script, lane.script);
    listed.push({ lane: lane.laneId.toString(), script: `${storage.url}/${script}` });
  }
  const runFile = `${path}/run.json`;
  await storage.write(
    runFile,
    JSON.stringify(
      { run: runId, parallelism: PARALLEL_LANES, result: `${storage.url}/${path}/${RESULT}`, lanes: listed },
      null,
      2,
    ),
  );
  return `${storage.url}/${runFile}`;
}

export function resultPath(runPath: string): string {
  return `${runPath}/${RESULT}`;
}
