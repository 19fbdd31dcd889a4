import { runsOf, type RunRecord } from '../ledger/job-facts.js';
import { jobKey, unknownJob } from './job-id.js';
import type { JobParts } from './parts.js';
import { readJobs } from '../ledger/job-index.js';
import { redact } from './redact.js';

/** Of a table with a thousand columns a script has megabytes; more is read by its path. */
const LONGEST_SCRIPT = 1_000_000;
const MOST_SCRIPTS = 200;

/**
 * The SQL that the job's runs were given, the newest run first. Empty when it was deleted with the staged files.
 * @throws LakeError JOB_UNKNOWN
 */
export async function jobScripts(
  { database, checkpoint, secrets }: Pick<JobParts, 'database' | 'checkpoint' | 'secrets'>,
  id: string,
): Promise<{ scripts: { run: string; name: string; sql: string }[] }> {
  const scripts: { run: string; name: string; sql: string }[] = [];
  for (const run of (await jobRuns({ database }, id)).toReversed()) {
    const folder = `${run.path}/lanes`;
    for (const { name } of await checkpoint.list(folder)) {
      if (!name.endsWith('.sql')) continue;
      if (scripts.length >= MOST_SCRIPTS) return { scripts };
      const bytes = await checkpoint.read(`${folder}/${name}`);
      if (bytes === undefined) continue;
      const sql = new TextDecoder().decode(bytes.subarray(0, LONGEST_SCRIPT));
      scripts.push({ run: run.id, name, sql: redact(sql, secrets) });
    }
  }
  return { scripts };
}

/** Runs on Spark of a job, first to last; of a request or a reprocess there are none but its children's. */
export async function jobRuns({ database }: Pick<JobParts, 'database'>, id: string): Promise<RunRecord[]> {
  const key = jobKey(id);
  if ((await readJobs(database, [id])).length === 0) throw unknownJob(id);
  if (key.of === 'batch') return runsOf(database, { batchId: key.id });
  if (key.of === 'aggregation') return runsOf(database, { aggregationRunId: key.id });
  if (key.of === 'maintenance') return runsOf(database, { maintenanceRunId: key.id });
  return [];
}
