/**
 * Every metric of ours: what it counts, in which unit, by which labels. deploy/metrics.md is this list for people (a test
 * holds one against the other). Labels have few values: topics, tables, domains, never ids of batches or records.
 */
export interface Family {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

export const FAMILIES = {
  dimagi_lake_source_up: gauge(
    '1: the source of some of these metrics answered; 0: its metrics are missing',
    ['source'],
  ),

  dimagi_lake_topic_lag_messages: gauge('Messages of Kafka that are not in the lake yet', [
    'topic',
    'partition',
  ]),
  dimagi_lake_topic_waiting_seconds: gauge('Age of the oldest batch that is not in the lake; 0: none', [
    'topic',
  ]),
  dimagi_lake_topic_state: gauge('1: the topic is in this state', ['topic', 'state']),
  dimagi_lake_topic_last_commit_timestamp_seconds: gauge('When a batch was last committed', ['topic']),
  dimagi_lake_batches_open: gauge('Batches that are not committed', ['topic', 'state']),
  dimagi_lake_batches_total: counter('Batches committed', ['topic']),
  dimagi_lake_messages_total: counter('Messages of Kafka in committed batches', ['topic']),

  dimagi_lake_table_freshness_seconds: gauge(
    'Age of the oldest change that waits for the table, or may; 0: none',
    ['database', 'table'],
  ),
  dimagi_lake_table_halted: gauge('1: the table is halted', ['database', 'table']),
  dimagi_lake_table_paths_turned_away: gauge(
    'Paths without a column, because the table has as many as it may; 100: that or more',
    ['database', 'table'],
  ),
  dimagi_lake_table_last_merge_timestamp_seconds: gauge('When something was last merged into the table', [
    'database',
    'table',
  ]),
  dimagi_lake_rows_total: counter('Rows merged, by what happened to them', ['database', 'table', 'outcome']),
  dimagi_lake_merge_seconds_total: counter('Seconds that Spark merged', ['database', 'table']),

  dimagi_lake_batch_stage_seconds: histogram('From planning to staged files', ['topic']),
  dimagi_lake_batch_merge_seconds: histogram('From staged files to the commit', ['topic']),
  dimagi_lake_batch_seconds: histogram('From planning to the commit', ['topic']),
  dimagi_lake_aggregation_step_seconds: histogram('A step of an aggregation', ['step']),

  dimagi_lake_maintenance_runs_total: counter('OPTIMIZE and VACUUM statements, by how they ended', [
    'kind',
    'outcome',
  ]),
  dimagi_lake_maintenance_seconds_total: counter('Seconds that they took', ['kind']),
  dimagi_lake_maintenance_files_total: counter('Files fewer in tables (optimize), files deleted (vacuum)', [
    'kind',
  ]),
  dimagi_lake_maintenance_bytes_total: counter('Bytes deleted by VACUUM', ['kind']),
  dimagi_lake_maintenance_purged_rows_total: counter('Rows marked as deleted that OPTIMIZE has removed', [
    'kind',
  ]),

  dimagi_lake_failures_total: counter('Attempts that failed, most of them made good by the next one', [
    'source',
    'failure_class',
  ]),
  dimagi_lake_quarantined_records: gauge('Records set aside and not replayed', ['kind', 'domain']),
  dimagi_lake_alerts_open: gauge('Alerts that stand', ['kind']),
  dimagi_lake_pauses: gauge('Pauses that stand', ['scope']),
  dimagi_lake_requests_open: gauge('What people asked for and is not done', ['kind', 'state']),
  dimagi_lake_processes: gauge('Processes of the control plane seen within a minute, by what they do', [
    'role',
  ]),

  dimagi_lake_months: gauge('Months of aggregations, over all tables of the domain', ['domain', 'state']),
  dimagi_lake_months_failed: gauge('Months whose newest attempt failed', ['domain']),
  dimagi_lake_last_publication_timestamp_seconds: gauge('When a month of an aggregation was last published', [
    'domain',
  ]),

  dimagi_lake_queue_jobs: gauge('Jobs in the BullMQ queues', ['queue', 'state']),
  dimagi_lake_spark_workers: gauge('Spark workers', ['state']),
  dimagi_lake_spark_cores: gauge('Cores of live Spark workers', ['use']),
  dimagi_lake_spark_memory_bytes: gauge('Memory of live Spark workers', ['use']),
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof FAMILIES;

function gauge(help: string, labels: readonly string[]): Family {
  return { type: 'gauge', help, labels };
}

function counter(help: string, labels: readonly string[]): Family {
  return { type: 'counter', help, labels };
}

function histogram(help: string, labels: readonly string[]): Family {
  return { type: 'histogram', help, labels };
}
