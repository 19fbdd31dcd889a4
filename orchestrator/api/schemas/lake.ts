import { z } from 'zod';
import { big, cause, health, moment, monthText, page, pageQuery } from './common.js';

export const partition = z.object({
  partition: z.number().int(),
  earliest: big,
  /** First offset that is not in the lake yet. */
  committed: big,
  /** First offset that no batch has planned. */
  planned: big,
  end: big,
  lag: z.number().int(),
  /** How far Kafka's oldest message is behind what we have: negative means messages were lost. */
  margin: z.number().int(),
});
export const topic = z.object({
  name: z.string(),
  state: z.enum(['running', 'paused', 'halted']),
  health,
  reason: z.string().nullable(),
  /** Null: Kafka does not answer. */
  lag: z.number().int().nullable(),
  /** Age of the oldest message that is not in the lake. */
  lagSeconds: z.number().nullable(),
  /** At the pace of the last hour. */
  secondsToCatchUp: z.number().nullable(),
  messagesPerSecond: z.number().nullable(),
  openBatches: z.number().int(),
  newestCommitAt: moment.nullable(),
  quarantined: z.number().int(),
});
export type Topic = z.infer<typeof topic>;
export const topics = z.object({
  topics: z.array(topic),
  kafka: z.object({ reachable: z.boolean(), reason: z.string().nullable() }),
});
export const topicDetail = z.object({
  topic,
  cause: cause.nullable(),
  partitions: z.array(partition),
  haltedTables: z.array(z.string()),
  cli: z.string(),
});
/** A point of the lag chart: messages committed per minute, and the freshness then. */
export const throughput = z.object({
  points: z.array(
    z.object({
      at: moment,
      messages: z.number().int(),
      rows: z.number().int(),
      seconds: z.number().nullable(),
    }),
  ),
});

export const table = z.object({
  database: z.string(),
  name: z.string(),
  domain: z.string(),
  kind: z.enum(['form', 'case', 'location', 'aggregation']),
  type: z.string(),
  state: z.enum(['running', 'paused', 'halted']),
  health,
  reason: z.string().nullable(),
  rows: big.nullable(),
  columns: z.number().int(),
  deltaVersion: big.nullable(),
  lastCommitAt: moment.nullable(),
  /** Age of the oldest change that waits for it; 0: none waits. */
  freshnessSeconds: z.number(),
  openLanes: z.number().int(),
  quarantined: z.number().int(),
});
export type Table = z.infer<typeof table>;
export const tableQuery = z.strictObject({
  q: z.string().trim().max(200).optional(),
  domain: z.string().max(255).optional(),
  state: z.enum(['running', 'paused', 'halted']).optional(),
  sort: z.enum(['name', 'rows', 'freshness', 'lastCommit']).default('name'),
  ...pageQuery,
  limit: z.coerce.number().int().min(1).max(2000).default(200),
});
export const tablePage = z.object({ ...page, tables: z.array(table), total: z.number().int() });
const column = z.object({
  name: z.string(),
  type: z.string(),
  declared: z.string().nullable(),
  comment: z.string().nullable(),
});
/** An OPTIMIZE or VACUUM as it ended. */
const maintained = z.object({
  job: z.string(),
  state: z.enum(['done', 'gave_way', 'failed']),
  at: moment,
  /** Files before and after; of VACUUM those it deleted. */
  filesBefore: z.number().int(),
  filesAfter: z.number().int().nullable(),
  filesDeleted: z.number().int().nullable(),
  bytesDeleted: big.nullable(),
  failure: z.string().nullable(),
});
export const tableDetail = z.object({
  table,
  cause: cause.nullable(),
  /** Relative to HQ_DATA_PATH. */
  path: z.string(),
  columns: z.array(column),
  /** The table has as many columns as it may: the first paths whose texts go to `_overflow`, up to 100. */
  overflow: z.object({ limit: z.number().int(), names: z.array(z.string()) }).nullable(),
  files: z.number().int().nullable(),
  bytes: big.nullable(),
  totals: z.object({ inserted: big, updated: big, deleted: big, refused: big, batches: big }),
  maintenance: z.object({
    optimized: maintained.nullable(),
    vacuumed: maintained.nullable(),
    /** Partitions that it would pay to compact now; null: the Delta log can't be read. */
    due: z
      .array(z.object({ partition: z.string(), reason: z.string(), files: z.number().int(), bytes: big }))
      .nullable(),
  }),
  cli: z.string(),
});
export type TableDetail = z.infer<typeof tableDetail>;
const schemaChange = z.object({
  at: moment,
  deltaVersion: big,
  column: z.string(),
  change: z.enum(['added', 'list', 'type', 'renamed', 'derived', 'dropped', 'limit']),
  from: z.string().nullable(),
  to: z.string().nullable(),
  batch: z.string(),
  record: z.string().nullable(),
  partition: z.number().int().nullable(),
  offset: big.nullable(),
});
export const schemaHistory = z.object({ ...page, changes: z.array(schemaChange) });
const commit = z.object({
  version: big,
  at: moment,
  operation: z.string(),
  job: z.string().nullable(),
  inserted: big.nullable(),
  updated: big.nullable(),
  deleted: big.nullable(),
  filesAdded: big.nullable(),
  filesRemoved: big.nullable(),
  bytesAdded: big.nullable(),
});
export const commits = z.object({ commits: z.array(commit) });
/** Counts per column of texts that are no value of the declared type; asked of Spark, so it takes seconds. */
export const rescued = z.object({ columns: z.array(z.object({ column: z.string(), rows: big })) });

export const quarantined = z.object({
  id: big,
  kind: z.enum(['form', 'case', 'location']),
  domain: z.string(),
  type: z.string().nullable(),
  record: z.string(),
  reason: z.string(),
  /** Where the document is in HQ. */
  place: z.string(),
  topic: z.string(),
  partition: z.number().int().nullable(),
  offset: big.nullable(),
  batch: z.string(),
  at: moment,
  state: z.enum(['open', 'replayed']),
});
export type Quarantined = z.infer<typeof quarantined>;
export const quarantineQuery = z.strictObject({
  topic: z.string().max(100).optional(),
  domain: z.string().max(255).optional(),
  reason: z.string().max(500).optional(),
  batch: big.optional(),
  ...pageQuery,
});
export const quarantinePage = z.object({ ...page, records: z.array(quarantined) });
/** Grouped by cause: what reasons have in common, with examples. */
export const quarantineGroups = z.object({
  groups: z.array(
    z.object({
      reason: z.string(),
      topic: z.string(),
      domain: z.string(),
      count: z.number().int(),
      newestAt: moment,
    }),
  ),
});
/** Raw beside expected; record content, so for admins only, and each look is in the audit log. */
export const quarantineDocument = z.object({
  record: quarantined,
  lines: z.array(z.object({ number: z.number().int(), text: z.string(), isFault: z.boolean() })),
  expected: z.string(),
  document: z.string().nullable(),
});
export const replay = z.strictObject({
  ids: z.array(big).min(1).max(1000).optional(),
  topic: z.string().max(100).optional(),
  domain: z.string().max(255).optional(),
  reason: z.string().trim().min(3).max(500),
});

export const monthCell = z.object({
  table: z.string(),
  month: monthText.nullable(),
  state: z.enum(['fresh', 'stale', 'missing']),
  /** `waiting` and `running`: it is asked for, or being computed, now. */
  work: z.enum(['none', 'waiting', 'running']),
  reasons: z.array(z.string()),
  closed: z.boolean(),
  due: z.boolean(),
  publishedAt: moment.nullable(),
  rows: big.nullable(),
  run: z.string().nullable(),
  failure: z.object({ code: z.string(), reason: z.string(), at: moment }).nullable(),
});
export type MonthCell = z.infer<typeof monthCell>;
export const months = z.object({
  domain: z.string(),
  tables: z.array(z.string()),
  months: z.array(monthText),
  cells: z.array(monthCell),
  cli: z.string(),
});
