import { z } from 'zod';
import { big, domainName, moment, page, pageQuery, reasonText } from './common.js';

/** Comparisons of HQ with the lake. Days are those of the revision, in UTC. */
const day = z.iso.date();
const tableName = z.string().min(1).max(255);

export const reconcileAsk = z.strictObject({
  domain: domainName,
  /** None: all of the domain. */
  tables: z.array(tableName).max(500).default([]),
  /** Only records whose last change is of this day or later, */
  from: day.optional(),
  /** and before this one. */
  until: day.optional(),
  repair: z.boolean().default(false),
  reason: reasonText.optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
});
export const reconcileQuery = z.strictObject({ ...pageQuery, domain: domainName.optional() });
export const reconcileId = z.object({ id: z.string().regex(/^\d{1,19}$/) });

const reconcile = z.object({
  id: big,
  jobId: z.string(),
  domain: z.string(),
  tables: z.array(z.string()),
  from: z.string().nullable(),
  until: z.string().nullable(),
  repair: z.boolean(),
  by: z.string(),
  reason: z.string().nullable(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  /** What a running one is at. */
  step: z.string(),
  failure: z.string().nullable(),
  /** A file under CHECKPOINT_BASE_DIR with all ids. */
  findingsPath: z.string().nullable(),
  /** Records that are wrong and not mended; null until they are known. */
  differences: big.nullable(),
  /** Records of which nothing is said. */
  unjudged: big.nullable(),
  createdAt: moment,
  endedAt: moment.nullable(),
});
export type Reconcile = z.infer<typeof reconcile>;
export const reconcilePage = z.object({ reconciles: z.array(reconcile), ...page });

const count = z.number().int();
export const reconcileDetail = z.object({
  reconcile,
  tables: z.array(
    z.object({
      table: z.string(),
      deltaVersion: z.string().nullable(),
      hqRows: count,
      lakeRows: count,
      differingDays: count,
      missing: count,
      stale: count,
      ghost: count,
      repaired: count,
      setAside: count,
      leftOut: count,
      /** Records of which nothing is said, by reason. */
      unjudged: z.record(z.string(), count),
    }),
  ),
  /** The first thousand. */
  days: z.array(
    z.object({
      table: z.string(),
      day: z.string().nullable(),
      fault: z.enum(['missing', 'stale', 'ghost']),
      records: count,
      /** A few ids. */
      examples: z.array(z.string()),
    }),
  ),
});
