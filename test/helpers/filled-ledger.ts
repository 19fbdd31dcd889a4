import type { LedgerDatabase } from '../../orchestrator/ledger/database.js';
import { activateConfig } from '../../orchestrator/ledger/lake.js';

/** What the filled ledger holds, so that tests need not count. */
export interface FilledLedger {
  readonly haltedTable: string;
  /** The batch whose lane halted it, and the newest committed one. */
  readonly haltedBatch: string;
  readonly committedBatch: string;
  readonly tables: number;
}

/** A domain as odd as HQ allows: names come from people. */
export const ODD_DOMAIN = 'a.b:c';

const LAKE_YAML = `domains:
  demo:
    location_levels: [state, district]
    cases: {'*': {}}
    forms: {'http://openrosa.org/formdesigner/AA': {name: visit}}
    aggregations: {schedule: {day: 2, hour: 3}}
  "${ODD_DOMAIN}":
    cases: {'*': {}}
`;

/**
 * Fills an empty ledger with a lake that has worked for an hour: three topics, tables of two domains, committed batches and one whose
 * lane halted its table, records set aside, an aggregation that failed. By SQL: no Kafka, no Spark.
 */
export async function fillLedger(database: LedgerDatabase): Promise<FilledLedger> {
  await database.query("INSERT INTO lake (uuid) VALUES ('6f1c1c1e-6d0b-4e0e-9a55-3f3f3f3f3f3f')");
  const configVersion = await database.transaction((tx) =>
    activateConfig(tx, { sha256: 'sha', text: LAKE_YAML, hooks: new Map(), hashKeyCheck: null }),
  );
  await database.query(
    `INSERT INTO topic (name, next_sequence) VALUES ('form-sql', 61), ('case-sql', 61), ('location', 1);`,
  );
  await database.query(
    `INSERT INTO lake_table (domain, kind, type, database_name, table_name, path, shape, names)
     SELECT d.domain, k.kind, k.type || n, d.name, CASE k.kind WHEN 'form' THEN 'raw_visit' || n || '_form' ELSE 'raw_child' || n || '_case' END,
            'commcare/' || d.path || '/' || k.kind || '/' || n, '{}', '{}'
     FROM (VALUES ('demo', 'commcarehq_demo', 'demo'), ($1, 'commcarehq_a_b_c_1f2e3d4c', 'a.b~3Ac')) AS d (domain, name, path)
       CROSS JOIN (VALUES ('form', 'http://openrosa.org/formdesigner/'), ('case', 'child')) AS k (kind, type)
       CROSS JOIN generate_series(1, 3) AS n`,
    [ODD_DOMAIN],
  );
  await database.query(
    `INSERT INTO batch (topic, sequence, state, config_version_id, manifest_path, manifest_sha256, ids, attempts, staging_path,
                        planned_at, staged_at, committed_at)
     SELECT t.name, n, 'committed', $1, 'runs/plan/x', 'x', 100, 1, 'runs/' || n, at, at + interval '2 s', at + interval '9 s'
     FROM (VALUES ('form-sql'), ('case-sql')) AS t (name) CROSS JOIN generate_series(1, 59) AS n
       CROSS JOIN LATERAL (SELECT now() - interval '1 hour' + n * interval '1 min' AS at) AS moment`,
    [configVersion],
  );
  await database.query(
    `INSERT INTO batch (topic, sequence, state, config_version_id, manifest_path, manifest_sha256, ids, attempts, staging_path,
                        planned_at, staged_at, failure_class, failure)
     VALUES ('form-sql', 60, 'staged', $1, 'runs/plan/x', 'x', 40, 2, 'runs/60', now() - interval '41 min', now() - interval '41 min', NULL, NULL)`,
    [configVersion],
  );
  await database.query(
    `INSERT INTO batch_range SELECT id, sequence % 4, sequence * 100, sequence * 100 + 100 FROM batch`,
  );
  await database.query(
    `INSERT INTO topic_partition SELECT topic, p, 6000 + p FROM (VALUES ('form-sql'), ('case-sql')) AS t (topic), generate_series(0, 3) AS p`,
  );
  await database.query(
    `INSERT INTO lane (batch_id, table_id, state, upserts, deletes, attempts, delta_version, inserted, updated, deleted, refused,
                       seconds, merged_at)
     SELECT b.id, t.id, 'committed', 90, 10, 1, b.sequence, 60, 30, 10, 0, 1.5, b.committed_at
     FROM batch b JOIN lake_table t ON t.kind = CASE b.topic WHEN 'form-sql' THEN 'form' ELSE 'case' END
     WHERE b.state = 'committed'`,
  );
  const reason = 'STATEMENT_SKIPPED: commcare/demo/form/1: transaction 65536 is not the commit of this lane';
  await database.query(
    `INSERT INTO lane (batch_id, table_id, state, upserts, deletes, attempts, failure_class, failure)
     SELECT b.id, t.id, 'halted', 40, 0, 2, 'bug', $1
     FROM batch b, lake_table t WHERE b.state = 'staged' AND t.table_name = 'raw_visit1_form' AND t.domain = 'demo'`,
    [reason],
  );
  await database.query(
    "UPDATE lake_table SET state = 'halted', reason = $1 WHERE domain = 'demo' AND table_name = 'raw_visit1_form'",
    [reason],
  );
  await database.query(
    `UPDATE lake_table SET overflow = '{"limit": 2000, "names": ["form__a", "form__b", "form__c", "form__d", "form__e", "form__f"]}'
     WHERE domain = 'demo' AND table_name = 'raw_visit1_form'`,
  );
  await database.query(
    `INSERT INTO quarantine (batch_id, kind, domain, record_id, type, reason, place, partition, message_offset)
     SELECT min(b.id), 'form', d, 'record-' || n, 'http://openrosa.org/formdesigner/1', 'form XML does not parse at line 3, column ' || n,
            'blob 5f0c' || n, 0, 100 + n
     FROM batch b, (VALUES ('demo'), ($1)) AS domains (d), generate_series(1, 30) AS n GROUP BY d, n`,
    [ODD_DOMAIN],
  );
  await database.query(
    `INSERT INTO schema_change (table_id, batch_id, delta_version, column_name, change, from_type, to_type, record_id, partition, message_offset)
     SELECT t.id, b.id, b.sequence, 'form__q' || b.sequence, 'added', NULL, 'string', 'record-1', 0, 100
     FROM lake_table t JOIN batch b ON b.topic = 'form-sql' AND b.sequence <= 5 WHERE t.kind = 'form'`,
  );
  await database.query(
    `INSERT INTO aggregation_run (domain, model, month, config_version_id, model_sha256, sources, state, failure_class, failure, ended_at)
     VALUES ('demo', 'child_care_monthly', '2026-01-01', $1, 'x', '{}', 'failed', 'data', 'AUDIT_FAILED: keys_are_unique found 3 rows', now())`,
    [configVersion],
  );
  await database.query(
    `INSERT INTO aggregation_failure (domain, table_name, month, code, reason)
     VALUES ('demo', 'child_care_monthly', '2026-01-01', 'AUDIT_FAILED', 'keys_are_unique found 3 rows')`,
  );
  const [ids] = await database.query<{ halted: string; committed: string; tables: number }>(
    `SELECT (SELECT id::text FROM batch WHERE state = 'staged') AS halted,
            (SELECT max(id)::text FROM batch WHERE state = 'committed') AS committed,
            (SELECT count(*)::int FROM lake_table) AS tables`,
  );
  return {
    haltedTable: 'raw_visit1_form',
    haltedBatch: ids?.halted ?? '',
    committedBatch: ids?.committed ?? '',
    tables: ids?.tables ?? 0,
  };
}
