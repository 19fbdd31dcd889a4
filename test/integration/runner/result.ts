import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The result file's shape, as the control plane reads it. */
const resultSchema = z.strictObject({
  run: z.string(),
  driver: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  sessionSeconds: z.number(),
  lanes: z.array(
    z.strictObject({
      lane: z.string(),
      state: z.enum(['done', 'failed', 'stopped']),
      seconds: z.number(),
      statements: z.array(
        z.strictObject({
          index: z.number().int(),
          startedAt: z.string(),
          seconds: z.number(),
          row: z.record(z.string(), z.string().nullable()).nullable(),
          error: z
            .strictObject({
              class: z.string().nullable(),
              sqlState: z.string().nullable(),
              exception: z.string(),
              message: z.string().nullable(),
              root: z.string(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
});

export type RunResult = z.infer<typeof resultSchema>;
export type LaneResult = RunResult['lanes'][number];

export function readResult(path: string): RunResult {
  return resultSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

export function laneOf(result: RunResult, lane: string): LaneResult {
  const found = result.lanes.find((one) => one.lane === lane);
  if (found === undefined) throw new Error(`the result has no lane ${lane}`);
  return found;
}
