import type { Queryable } from '../ledger/database.js';
import {
  alertCounts,
  durationFigures,
  failureCounts,
  maintenanceFigures,
  newestPublications,
  pauseCounts,
  processCounts,
  quarantineCounts,
  requestCounts,
  tableFigures,
  topicFigures,
  type DurationFigures,
  type MaintenanceFigures,
} from '../ledger/figures.js';
import type { FamilyName } from './families.js';
import type { Samples } from './samples.js';

/** All that the ledger tells. Each question is quick however long the history is: totals stand there. */
export async function addLedger(samples: Samples, database: Queryable): Promise<void> {
  await addTopics(samples, database);
  await addTables(samples, database);
  await addDurations(samples, database);
  await addMaintenance(samples, database);
  for (const { first: source, second, count } of await failureCounts(database))
    samples.add('dimagi_lake_failures_total', { source, failure_class: second }, count);
  for (const { first: kind, second: domain, count } of await quarantineCounts(database))
    samples.add('dimagi_lake_quarantined_records', { kind, domain }, count);
  for (const { first: kind, count } of await alertCounts(database))
    samples.add('dimagi_lake_alerts_open', { kind }, count);
  for (const { first: scope, count } of await pauseCounts(database))
    samples.add('dimagi_lake_pauses', { scope }, count);
  for (const { first: kind, second: state, count } of await requestCounts(database))
    samples.add('dimagi_lake_requests_open', { kind, state }, count);
  for (const { first: role, count } of await processCounts(database))
    samples.add('dimagi_lake_processes', { role }, count);
  for (const { domain, at } of await newestPublications(database))
    samples.add('dimagi_lake_last_publication_timestamp_seconds', { domain }, at);
}

async function addTopics(samples: Samples, database: Queryable): Promise<void> {
  for (const figures of await topicFigures(database)) {
    const { topic } = figures;
    samples.add('dimagi_lake_topic_waiting_seconds', { topic }, figures.waitingSeconds);
    for (const state of ['running', 'paused', 'halted'] as const)
      samples.add('dimagi_lake_topic_state', { topic, state }, figures.state === state ? 1 : 0);
    samples.add('dimagi_lake_topic_last_commit_timestamp_seconds', { topic }, figures.lastCommitAt);
    for (const state of ['planned', 'staged', 'halted'] as const)
      samples.add('dimagi_lake_batches_open', { topic, state }, figures[state]);
    samples.add('dimagi_lake_batches_total', { topic }, figures.batches);
    samples.add('dimagi_lake_messages_total', { topic }, figures.messages);
  }
}

async function addTables(samples: Samples, database: Queryable): Promise<void> {
  for (const figures of await tableFigures(database)) {
    const labels = { database: figures.database, table: figures.table };
    samples.add('dimagi_lake_table_freshness_seconds', labels, figures.waitingSeconds);
    samples.add('dimagi_lake_table_halted', labels, figures.state === 'halted' ? 1 : 0);
    samples.add('dimagi_lake_table_paths_turned_away', labels, figures.turnedAway);
    samples.add('dimagi_lake_table_last_merge_timestamp_seconds', labels, figures.lastMergeAt);
    for (const outcome of ['inserted', 'updated', 'deleted', 'refused'] as const)
      samples.add('dimagi_lake_rows_total', { ...labels, outcome }, figures[outcome]);
    samples.add('dimagi_lake_merge_seconds_total', labels, figures.mergeSeconds);
  }
}

async function addMaintenance(samples: Samples, database: Queryable): Promise<void> {
  const figures = await maintenanceFigures(database);
  for (const { kind, outcome, runs } of figures)
    samples.add('dimagi_lake_maintenance_runs_total', { kind, outcome }, runs);
  for (const kind of ['optimize', 'vacuum'] as const) {
    const own = figures.filter((each) => each.kind === kind);
    const sum = (of: (figure: MaintenanceFigures) => number): number =>
      own.reduce((total, figure) => total + of(figure), 0);
    if (own.length === 0) continue;
    samples.add(
      'dimagi_lake_maintenance_seconds_total',
      { kind },
      sum((each) => each.seconds),
    );
    samples.add(
      'dimagi_lake_maintenance_files_total',
      { kind },
      sum((each) => Math.max(0, each.files)),
    );
    if (kind === 'vacuum')
      samples.add(
        'dimagi_lake_maintenance_bytes_total',
        { kind },
        sum((each) => each.bytes),
      );
    else
      samples.add(
        'dimagi_lake_maintenance_purged_rows_total',
        { kind },
        sum((each) => each.rowsPurged),
      );
  }
}

const HISTOGRAMS: Readonly<Record<DurationFigures['what'], { family: FamilyName; label: string }>> = {
  batch_stage: { family: 'dimagi_lake_batch_stage_seconds', label: 'topic' },
  batch_merge: { family: 'dimagi_lake_batch_merge_seconds', label: 'topic' },
  batch_total: { family: 'dimagi_lake_batch_seconds', label: 'topic' },
  aggregation_step: { family: 'dimagi_lake_aggregation_step_seconds', label: 'step' },
};

async function addDurations(samples: Samples, database: Queryable): Promise<void> {
  const { bounds, parts } = await durationFigures(database);
  const series = new Map<string, DurationFigures[]>();
  for (const part of parts) {
    const key = `${part.what} ${part.label}`;
    series.set(key, [...(series.get(key) ?? []), part]);
  }
  for (const own of series.values()) {
    const [first] = own;
    if (first === undefined) continue;
    const { family, label } = HISTOGRAMS[first.what];
    const counts = new Array<number>(bounds.length + 1).fill(0);
    for (const { bucket, count } of own) counts[bucket] = count;
    const sum = own.reduce((seconds, part) => seconds + part.seconds, 0);
    samples.addHistogram(family, { [label]: first.label }, bounds, counts, sum);
  }
}
