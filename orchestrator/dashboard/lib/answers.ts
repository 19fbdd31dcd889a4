import type { z } from 'zod';
import type * as jobs from '../../api/schemas/jobs.js';
import type * as lake from '../../api/schemas/lake.js';
import type * as operate from '../../api/schemas/operate.js';
import type * as reconciles from '../../api/schemas/reconciles.js';

/** What the API answers, by the types of its schemas. Nothing of the schemas is in the bundle. */
export type { Cause, Health, Problem } from '../../api/schemas/common.js';
export type { Accepted, Job, JobDetail, JobFacets } from '../../api/schemas/jobs.js';
export type { MonthCell, Quarantined, Table, TableDetail } from '../../api/schemas/lake.js';
export type { Reconcile } from '../../api/schemas/reconciles.js';
export type {
  Change,
  Cluster,
  Overview,
  ReprocessPreview,
  ReprocessScope,
  Role,
  Session,
} from '../../api/schemas/operate.js';

export type JobPage = z.infer<typeof jobs.jobPage>;
export type Span = z.infer<typeof jobs.span>;
export type JobPart = z.infer<typeof jobs.jobPart>;
export type SparkRun = z.infer<typeof jobs.sparkRun>;
export type Scripts = z.infer<typeof jobs.scripts>;
export type LogPart = z.infer<typeof jobs.logPart>;

export type Topics = z.infer<typeof lake.topics>;
export type TopicDetail = z.infer<typeof lake.topicDetail>;
export type Partition = z.infer<typeof lake.partition>;
export type Throughput = z.infer<typeof lake.throughput>;
export type TablePage = z.infer<typeof lake.tablePage>;
export type SchemaHistory = z.infer<typeof lake.schemaHistory>;
export type Commits = z.infer<typeof lake.commits>;
export type Rescued = z.infer<typeof lake.rescued>;
export type QuarantinePage = z.infer<typeof lake.quarantinePage>;
export type QuarantineGroups = z.infer<typeof lake.quarantineGroups>;
export type QuarantineDocument = z.infer<typeof lake.quarantineDocument>;
export type ReplayAsk = z.input<typeof lake.replay>;
export type Months = z.infer<typeof lake.months>;

export type Token = z.infer<typeof operate.token>;
export type Tokens = z.infer<typeof operate.tokens>;
export type NewToken = z.input<typeof operate.newToken>;
export type MadeToken = z.infer<typeof operate.madeToken>;
export type AuditPage = z.infer<typeof operate.auditPage>;
export type Pause = z.infer<typeof operate.pause>;
export type Pauses = z.infer<typeof operate.pauses>;
export type PauseAsk = z.input<typeof operate.pauseAsk>;
export type AggregationAsk = z.input<typeof operate.aggregationAsk>;
export type ReprocessAsk = z.input<typeof operate.reprocessAsk>;
export type ReprocessAnswer = z.infer<typeof operate.reprocessAnswer>;
export type MigrationAsk = z.input<typeof operate.migrationAsk>;
export type ReconcileAsk = z.input<typeof reconciles.reconcileAsk>;
export type ReconcilePage = z.infer<typeof reconciles.reconcilePage>;
export type ReconcileDetail = z.infer<typeof reconciles.reconcileDetail>;
export type Schedules = z.infer<typeof operate.schedules>;
export type Schedule = Schedules['schedules'][number];
export type Alerts = z.infer<typeof operate.alerts>;
export type Alert = z.infer<typeof operate.alert>;
export type AlertRule = z.infer<typeof operate.alertRule>;
export type AlertTest = z.infer<typeof operate.alertTest>;
