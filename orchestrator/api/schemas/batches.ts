import { z } from 'zod';
import { big, moment } from './common.js';

/** A batch of ingestion as the ledger has it; its job is `batch-<id>`. */
export const batch = z.object({
  id: big,
  topic: z.string(),
  sequence: big,
  kind: z.string(),
  state: z.enum(['planned', 'staged', 'committed', 'halted']),
  ranges: z.array(z.object({ partition: z.number().int(), from: big, until: big })),
  ids: z.number().int(),
  quarantined: z.number().int(),
  plannedAt: moment,
  stagedAt: moment.nullable(),
  /** When the last of its lanes merged. */
  mergedAt: moment.nullable(),
  committedAt: moment.nullable(),
  extraction: z.number().int(),
  attempts: z.number().int(),
  nextAttemptAt: moment.nullable(),
  failureClass: z.string().nullable(),
  failure: z.string().nullable(),
});
export const batches = z.object({ batches: z.array(batch) });
export const batchQuery = z.strictObject({
  topic: z.string().max(100).optional(),
  state: z.enum(['planned', 'staged', 'committed', 'halted', 'open']).optional(),
  /** Only batches older than this one. */
  before: big.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
