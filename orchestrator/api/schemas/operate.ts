import { z } from 'zod';
import { big, cause, domainName, health, moment, monthText, page, pageQuery, reasonText } from './common.js';

export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;
export const login = z.strictObject({ token: z.string().min(1).max(200) });
/** `csrf` goes with every act of a session as the header `x-csrf-token`; bearer tokens need none. */
export const session = z.object({
  name: z.string(),
  role,
  csrf: z.string().nullable(),
  lake: z.string(),
  version: z.string(),
});
export type Session = z.infer<typeof session>;
export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/, 'letters, digits and . _ @ -');
export const token = z.object({
  name: tokenName,
  role,
  createdAt: moment,
  lastUsedAt: moment.nullable(),
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
});
export const tokens = z.object({ tokens: z.array(token) });
export const newToken = z.strictObject({
  name: tokenName,
  role,
  days: z.number().int().min(1).max(3650).optional(),
});
/** The only time that the secret is shown. */
export const madeToken = z.object({ token, secret: z.string() });
const auditEntry = z.object({
  id: big,
  at: moment,
  who: z.string(),
  role: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  reason: z.string().nullable(),
  outcome: z.string(),
  address: z.string().nullable(),
});
export const auditPage = z.object({ ...page, entries: z.array(auditEntry) });
export const auditQuery = z.strictObject({
  who: z.string().max(63).optional(),
  action: z.string().max(100).optional(),
  ...pageQuery,
});

/** One line that says how it stands, and what stands behind it. */
export const overview = z.object({
  verdict: z.object({ health, text: z.string() }),
  topics: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      health,
      lag: z.number().int().nullable(),
      lagSeconds: z.number().nullable(),
      secondsToCatchUp: z.number().nullable(),
    }),
  ),
  domains: z.array(
    z.object({
      domain: z.string(),
      tables: z.number().int(),
      halted: z.number().int(),
      freshnessSeconds: z.number(),
      staleMonths: z.number().int(),
      failedMonths: z.number().int(),
    }),
  ),
  /** What fails now, worst first; `href` is the dashboard's page of it. */
  failing: z.array(z.object({ what: z.string(), since: moment.nullable(), cause, href: z.string() })),
  running: z.number().int(),
  waiting: z.number().int(),
  quarantined: z.number().int(),
  nextRuns: z.array(z.object({ domain: z.string(), month: monthText, dueAt: moment, timeZone: z.string() })),
  pauses: z.number().int(),
});
export type Overview = z.infer<typeof overview>;

const PAUSE_SCOPES = ['all', 'topic', 'table', 'queue'] as const;
/** Queues that can be paused. */
export const QUEUES = ['stage', 'merge', 'aggregation', 'schedule', 'reprocess', 'maintenance'] as const;
export const pauseAsk = z.strictObject({
  scope: z.enum(PAUSE_SCOPES),
  /** A topic, `database.table`, or queue; '' for all. */
  name: z.string().max(400),
  reason: reasonText,
});
export const pause = z.object({
  id: big,
  scope: z.enum(PAUSE_SCOPES),
  name: z.string(),
  reason: z.string(),
  by: z.string(),
  at: moment,
});
export const pauses = z.object({ pauses: z.array(pause) });

export const aggregationAsk = z.strictObject({
  domain: domainName,
  table: z.string().min(1).max(255),
  month: monthText,
  force: z.boolean().default(false),
  reason: reasonText.optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
});

/** What is read from HQ again. Of the keys below `domain` at most one way of choosing is given; none: all of it. */
export const reprocessScope = z.strictObject({
  domain: domainName,
  /** A lake table's name; absent: every table of the domain. */
  table: z.string().min(1).max(255).optional(),
  ids: z.array(z.string().min(1).max(255)).min(1).max(100_000).optional(),
  /** Records that HQ received or changed from (inclusive) until (exclusive). */
  from: moment.optional(),
  until: moment.optional(),
  month: monthText.optional(),
  /** Messages of Kafka, from inclusive, until exclusive; only with `topic`. */
  offsets: z
    .array(z.strictObject({ partition: z.number().int().min(0), from: big, until: big }))
    .min(1)
    .max(1000)
    .optional(),
  topic: z.enum(['form-sql', 'case-sql', 'location']).optional(),
});
export type ReprocessScope = z.infer<typeof reprocessScope>;
export const reprocessAsk = z.strictObject({
  scope: reprocessScope,
  dryRun: z.boolean().default(false),
  /** Compute the affected months again when all pages are in. */
  reaggregate: z.boolean().default(false),
  reason: reasonText.optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
});
export const reprocessPreview = z.object({
  /** Records per table, exact to 100,000 and estimated above. */
  tables: z.array(z.object({ table: z.string(), records: z.number().int(), isExact: z.boolean() })),
  records: z.number().int(),
  isExact: z.boolean(),
  /** At most. */
  pages: z.number().int(),
  /** Months of aggregations that will be stale. */
  months: z.array(z.object({ table: z.string(), month: monthText.nullable() })),
  /** At the pace of the last hour; null: not known. */
  seconds: z.number().nullable(),
  warnings: z.array(z.string()),
});
export type ReprocessPreview = z.infer<typeof reprocessPreview>;
/** `preview` answers a dry run, `job` all others. */
export const reprocessAnswer = z.object({
  jobId: z.string().nullable(),
  message: z.string(),
  repeated: z.boolean(),
  preview: reprocessPreview.nullable(),
  cli: z.string(),
});
export const migrationAsk = z.strictObject({
  domain: domainName,
  reason: reasonText.optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
  dryRun: z.boolean().default(false),
});

const schedule = z.object({
  domain: z.string(),
  day: z.number().int(),
  hour: z.number().int(),
  timeZone: z.string(),
  tables: z.array(z.string()),
  closeAfter: z.number().int(),
  next: z.array(z.object({ month: monthText, dueAt: moment })),
  runs: z.array(
    z.object({
      month: monthText,
      state: z.string(),
      attempts: z.number().int(),
      startedAt: moment,
      finishedAt: moment.nullable(),
      nextAttemptAt: moment.nullable(),
      computed: z.number().int(),
      reason: z.string().nullable(),
    }),
  ),
});
export const schedules = z.object({ schedules: z.array(schedule) });

export const cluster = z.object({
  reachable: z.boolean(),
  reason: z.string().nullable(),
  masters: z.array(z.object({ url: z.string(), status: z.string() })),
  workers: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      state: z.string(),
      cores: z.number().int(),
      coresUsed: z.number().int(),
      memoryMb: z.number().int(),
      memoryUsedMb: z.number().int(),
    }),
  ),
  drivers: z.array(
    z.object({ id: z.string(), state: z.string(), startedAt: moment.nullable(), job: z.string().nullable() }),
  ),
  queues: z.array(
    z.object({
      name: z.string(),
      waiting: z.number().int(),
      running: z.number().int(),
      delayed: z.number().int(),
      paused: z.boolean(),
    }),
  ),
  processes: z.array(z.object({ owner: z.string(), roles: z.array(z.string()), seenAt: moment })),
});
export type Cluster = z.infer<typeof cluster>;

const ALERT_KINDS = [
  'topic_halted',
  'table_halted',
  'lag',
  'freshness',
  'aggregation_failed',
  'audit_failed',
  'disk',
] as const;
export const alertRule = z.strictObject({
  kind: z.enum(ALERT_KINDS),
  enabled: z.boolean(),
  /** Messages (lag), seconds (freshness) or per cent used (disk); null for the others. */
  limit: z.number().nullable(),
});
export const alert = z.object({
  id: big,
  kind: z.enum(ALERT_KINDS),
  subject: z.string(),
  text: z.string(),
  since: moment,
  endedAt: moment.nullable(),
  deliveredAt: moment.nullable(),
  deliveryError: z.string().nullable(),
});
export const alerts = z.object({
  webhook: z.boolean(),
  rules: z.array(alertRule),
  open: z.array(alert),
  recent: z.array(alert),
});
export const alertRules = z.strictObject({ rules: z.array(alertRule).max(20) });
export const alertTest = z.object({
  delivered: z.boolean(),
  status: z.number().int().nullable(),
  message: z.string(),
});

/** What server-sent events tell: something of this kind has changed, ask again for it. Event name `change`. */
export const change = z.object({
  what: z.enum(['jobs', 'topics', 'tables', 'months', 'pauses', 'alerts']),
  ids: z.array(z.string()).max(50),
  at: moment,
});
export type Change = z.infer<typeof change>;
