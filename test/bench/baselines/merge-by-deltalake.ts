import { join } from 'node:path';
import { z } from 'zod';
import { lastLines, runPython } from '../../oracle/python.js';
import { baselineFolder, baselinePackages } from './packages.js';

const answer = z.object({
  seconds: z.number(),
  readSeconds: z.number(),
  cpuSeconds: z.number(),
  peakBytes: z.number(),
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
});

/** Seconds and rows of one merge by deltalake; `seconds` contain `readSeconds`, the reading of the staged rows. */
export type DeltalakeMerge = z.infer<typeof answer>;

/**
 * Merges staged rows into a table by the Python package deltalake (baselines/deltalake/merge.py).
 * @param columns of the free part, in the order in which the staging files number them
 */
export async function mergeByDeltalake(
  table: string,
  stagingFolder: string,
  batch: bigint,
  columns: readonly string[],
): Promise<DeltalakeMerge> {
  const program = join(baselineFolder('deltalake'), 'merge.py');
  const env = { ...process.env, PYTHONPATH: await baselinePackages('deltalake') };
  const argv = [program, table, stagingFolder, batch.toString(), ...columns];
  const { code, stdout, stderr } = await runPython(argv, env, undefined);
  if (code !== 0) throw new Error(`deltalake could not merge: ${lastLines(stderr)}`);
  return answer.parse(JSON.parse(stdout));
}
