-- A lake at work for a month, as the pictures of the documentation and the dashboard's tests show it: one table halted by
-- a statement that was skipped, a topic behind it, records set aside, months fresh, stale and failed. No Kafka, no Spark.

INSERT INTO topic (name, state, reason, next_sequence) VALUES
  ('form-sql', 'running', NULL, 500), ('case-sql', 'running', NULL, 500), ('location', 'running', NULL, 10);
INSERT INTO topic_partition SELECT topic, p, planned
  FROM (VALUES ('form-sql', 251200), ('case-sql', 305600), ('location', 41200)) AS t (topic, planned), generate_series(0, 3) AS p;

INSERT INTO lake_table (domain, kind, type, database_name, table_name, path, shape, names) VALUES
  ('nutrition-demo', 'form', 'http://openrosa.org/formdesigner/33EBE6E1', 'commcarehq_nutrition_demo', 'raw_service_enrollment_form', 'commcare/nutrition-demo/form-sql/33EBE6E1', '{}', '{}'),
  ('nutrition-demo', 'form', 'http://openrosa.org/formdesigner/9A41CE0F', 'commcarehq_nutrition_demo', 'raw_child_weight_height_form', 'commcare/nutrition-demo/form-sql/9A41CE0F', '{}', '{}'),
  ('nutrition-demo', 'form', 'http://openrosa.org/formdesigner/5B2C7D11', 'commcarehq_nutrition_demo', 'raw_child_thr_form', 'commcare/nutrition-demo/form-sql/5B2C7D11', '{}', '{}'),
  ('nutrition-demo', 'form', 'http://openrosa.org/formdesigner/C0FFEE42', 'commcarehq_nutrition_demo', 'raw_supplementary_nutrition_form', 'commcare/nutrition-demo/form-sql/C0FFEE42', '{}', '{}'),
  ('nutrition-demo', 'case', 'child_care', 'commcarehq_nutrition_demo', 'raw_child_care_case', 'commcare/nutrition-demo/case-sql/child_care', '{}', '{}'),
  ('nutrition-demo', 'case', 'member', 'commcarehq_nutrition_demo', 'raw_member_case', 'commcare/nutrition-demo/case-sql/member', '{}', '{}'),
  ('nutrition-demo', 'location', '', 'commcarehq_nutrition_demo', 'raw_location', 'commcare/nutrition-demo/location/location', '{}', '{}'),
  ('maternal-health', 'form', 'http://openrosa.org/formdesigner/77AA01BC', 'commcarehq_maternal_health', 'raw_antenatal_visit_form', 'commcare/maternal-health/form-sql/77AA01BC', '{}', '{}'),
  ('maternal-health', 'case', 'pregnancy', 'commcarehq_maternal_health', 'raw_pregnancy_case', 'commcare/maternal-health/case-sql/pregnancy', '{}', '{}');

INSERT INTO batch (topic, sequence, state, config_version_id, manifest_path, manifest_sha256, ids, attempts, extraction,
                   staging_path, planned_at, started_at, extraction_began_at, staged_at, committed_at)
SELECT t.name, n, 'committed', v.id, 'runs/plan/x', 'x', 800 + (n * 37) % 900, 0, 1, 'runs/' || t.name || n,
       at, at + interval '1 s', at + interval '1 s', at + interval '6 s', at + make_interval(secs => 19 + n % 7)
FROM (VALUES ('form-sql', 150), ('case-sql', 190)) AS t (name, until) CROSS JOIN generate_series(1, 190) AS n
  CROSS JOIN (SELECT max(id) AS id FROM config_version) AS v
  CROSS JOIN LATERAL (SELECT now() - interval '191 min' + n * interval '1 min' AS at) AS moment
WHERE n <= t.until;

-- Behind the halted table batches wait: the topic goes on planning, and its lag grows.
INSERT INTO batch (topic, sequence, state, config_version_id, manifest_path, manifest_sha256, ids, attempts, extraction,
                   staging_path, planned_at, started_at, extraction_began_at, staged_at)
SELECT 'form-sql', n, 'staged', v.id, 'runs/plan/x', 'x', 1204 + (n * 53) % 400, CASE n WHEN 151 THEN 3 ELSE 0 END, 1, 'runs/form-sql' || n,
       at, at + interval '2 s', at + interval '2 s', at + interval '9 s'
FROM generate_series(151, 156) AS n CROSS JOIN (SELECT max(id) AS id FROM config_version) AS v
  CROSS JOIN LATERAL (SELECT now() - interval '41 min' + (n - 151) * interval '6 min' AS at) AS moment;
INSERT INTO batch_range SELECT id, (sequence % 4)::int, sequence * 1600, sequence * 1600 + ids FROM batch;

INSERT INTO lane (batch_id, table_id, state, upserts, deletes, attempts, delta_version, inserted, updated, deleted, refused, seconds, run_id, merged_at)
SELECT b.id, t.id, 'committed', b.ids / 4, 3, 1, b.sequence, b.ids / 6, b.ids / 12, 3, b.sequence % 11 / 10, 4 + (t.id % 5),
       'batch-' || b.id || '-1', b.committed_at - make_interval(secs => t.id % 5)
FROM batch b JOIN lake_table t ON t.kind = CASE b.topic WHEN 'form-sql' THEN 'form' ELSE 'case' END
WHERE b.state = 'committed';

INSERT INTO run (id, batch_id, token, state, path, run_file, submission_id, driver, created_at, claimed_at, heartbeat_at, finished_at)
SELECT 'batch-' || id || '-1', id, 'x', 'done', 'runs/none', 'runs/none/run.json', 'driver-20261123-' || id, 'driver-20261123-' || id,
       staged_at, staged_at + interval '3 s', committed_at, committed_at - interval '500 ms'
FROM batch WHERE state = 'committed';

INSERT INTO lane (batch_id, table_id, state, upserts, deletes, attempts, failure_class, failure)
SELECT b.id, t.id, CASE b.sequence WHEN 151 THEN 'halted' ELSE 'staged' END, b.ids / 4, 2, CASE b.sequence WHEN 151 THEN 3 ELSE 0 END,
       CASE b.sequence WHEN 151 THEN 'bug' END,
       CASE b.sequence WHEN 151 THEN 'STATEMENT_SKIPPED: transaction 9895936 of raw_child_weight_height_form is not the commit of this lane' END
FROM batch b JOIN lake_table t ON t.table_name = 'raw_child_weight_height_form' WHERE b.state = 'staged';
INSERT INTO lane (batch_id, table_id, state, upserts, deletes, attempts, delta_version, inserted, updated, deleted, refused, seconds, run_id, merged_at)
SELECT b.id, t.id, 'merged', b.ids / 4, 2, 1, b.sequence, b.ids / 5, b.ids / 20, 2, 0, 3.5 + t.id % 4, 'batch-' || b.id || '-1', b.staged_at + interval '11 s'
FROM batch b JOIN lake_table t ON t.kind = 'form' AND t.domain = 'nutrition-demo' AND t.table_name <> 'raw_child_weight_height_form'
WHERE b.state = 'staged' AND b.sequence = 151;
INSERT INTO run (id, batch_id, token, state, path, run_file, submission_id, driver, created_at, claimed_at, heartbeat_at, finished_at, reason)
SELECT 'batch-' || id || '-' || n, id, 'x', CASE n WHEN 3 THEN 'done' ELSE 'failed' END, 'runs/' || 'form-sql' || sequence, 'runs/none/run.json',
       'driver-20261123074' || n || '12-000' || n, 'driver-20261123074' || n || '12-000' || n,
       staged_at + n * interval '40 s', staged_at + n * interval '40 s' + interval '4 s', now(), staged_at + n * interval '40 s' + interval '19 s',
       CASE WHEN n < 3 THEN 'the driver ended before its last statement' END
FROM batch, generate_series(1, 3) AS n WHERE state = 'staged' AND sequence = 151;
UPDATE lake_table SET state = 'halted', reason = 'STATEMENT_SKIPPED: transaction 9895936 of raw_child_weight_height_form is not the commit of this lane'
  WHERE table_name = 'raw_child_weight_height_form';

INSERT INTO quarantine (batch_id, kind, domain, record_id, type, reason, place, partition, message_offset, created_at)
SELECT b.id, 'form', 'nutrition-demo', md5('form' || n), 'http://openrosa.org/formdesigner/9A41CE0F',
       CASE WHEN n <= 9 THEN 'form XML does not parse: unexpected close tag' WHEN n <= 12 THEN 'the form has no blob' ELSE 'hook child.ts threw RangeError at line 14' END,
       'blob ' || left(md5('blob' || n), 12) || '/form.xml', (n % 4)::int, 240000 + n * 17, now() - n * interval '7 min'
FROM generate_series(1, 14) AS n JOIN batch b ON b.topic = 'form-sql' AND b.sequence = 140 + n % 12;

INSERT INTO schema_change (table_id, batch_id, delta_version, at, column_name, change, from_type, to_type, record_id, partition, message_offset)
SELECT t.id, b.id, b.sequence, b.committed_at,
       CASE WHEN b.sequence = 40 THEN 'form__visits' ELSE 'form__question_' || b.sequence END,
       CASE WHEN b.sequence = 40 THEN 'list' ELSE 'added' END, CASE WHEN b.sequence = 40 THEN 'string' END,
       CASE WHEN b.sequence = 40 THEN 'array<string>' ELSE 'string' END, md5('form' || b.id), 2, 110000 + b.id
FROM lake_table t JOIN batch b ON b.topic = 'form-sql' AND b.sequence IN (12, 25, 33, 40, 44) WHERE t.kind = 'form';

INSERT INTO record_place (kind, domain, record_id, table_id, months, sequence)
SELECT 'case', 'nutrition-demo', md5('member' || n), t.id, ARRAY[(date_trunc('month', now()) - make_interval(months => 1 + n % 6))::date], 10
FROM lake_table t CROSS JOIN generate_series(1, 3120) AS n WHERE t.table_name = 'raw_member_case';

INSERT INTO pause (scope, name, reason, paused_by, at) VALUES
  ('queue', 'reprocess', 'quiet until the monthly reports are out', 'amara', now() - interval '3 hours');
INSERT INTO process (owner, roles, started_at, seen_at) VALUES
  ('lake-1/4211', ARRAY['poller', 'stage', 'merge', 'schedule', 'api'], now() - interval '9 days', now() - interval '2 s'),
  ('lake-2/3870', ARRAY['stage', 'merge', 'aggregation'], now() - interval '9 days', now() - interval '4 s');

INSERT INTO aggregation_request (domain, table_name, month, reason, requested_by, state, attempts, created_at, started_at, ended_at)
VALUES ('nutrition-demo', 'agg_child_care', date_trunc('month', now() - interval '1 month'), 'numbers for the district review', 'amara', 'done', 1,
        now() - interval '5 hours', now() - interval '5 hours', now() - interval '4 hours 52 min');
INSERT INTO schedule_run (domain, month, state, attempts, started_at, finished_at, next_attempt_at, computed, reason)
SELECT 'nutrition-demo', date_trunc('month', now()) - make_interval(months => n), CASE n WHEN 1 THEN 'failed' ELSE 'done' END, CASE n WHEN 1 THEN 3 ELSE 1 END,
       date_trunc('month', now()) - make_interval(months => n - 1) + interval '1 day 3 hours',
       date_trunc('month', now()) - make_interval(months => n - 1) + interval '1 day 3 hours 14 min',
       CASE n WHEN 1 THEN now() + interval '20 min' END, CASE n WHEN 1 THEN 5 ELSE 7 END,
       CASE n WHEN 1 THEN 'AUDIT_FAILED: child_care_monthly: keys_are_unique found 3 rows' END
FROM generate_series(1, 5) AS n;

INSERT INTO reprocess_request (kind, domain, scope, reaggregate, reason, requested_by, state, records, estimated, created_at, ended_at)
VALUES ('reprocess', 'nutrition-demo', '{"domain": "nutrition-demo", "table": "raw_member_case"}', true, 'masks changed', 'amara', 'done', 3120, 3120,
        now() - interval '26 hours', now() - interval '25 hours');

INSERT INTO reconcile_run (domain, repair, requested_by, reason, asked, state, step, findings_path, differences, unjudged, created_at, started_at, ended_at) VALUES
  ('nutrition-demo', true, 'amara', 'after lost offsets', true, 'done', '', 'reconciles/1/findings.ndjson', 0, 3, now() - interval '8 days', now() - interval '8 days', now() - interval '8 days' + interval '6 min'),
  ('nutrition-demo', false, 'root', NULL, false, 'done', '', 'reconciles/2/findings.ndjson', 14, 0, now() - interval '1 day', now() - interval '1 day', now() - interval '1 day' + interval '4 min'),
  ('nutrition-demo', false, 'amara', 'weekly', true, 'waiting', '', NULL, NULL, NULL, now() - interval '1 min', NULL, NULL);
INSERT INTO reconcile_table (run_id, table_name, delta_version, hq_rows, lake_rows, differing_days, missing, stale, ghost, repaired, set_aside, left_out, unjudged)
SELECT r.id, t.name, 40, t.hq, t.lake, t.days, t.missing, t.stale, t.ghost, 0, t.aside, 0, t.unjudged::jsonb
FROM reconcile_run r, (VALUES ('raw_member_case', 2204, 2201, 2, 9, 4, 1, 0, '{}'), ('raw_child_care_case', 1102, 1102, 0, 0, 0, 0, 0, '{}'),
  ('raw_home_visit_form', 1980, 1973, 1, 0, 0, 0, 7, '{"on its way": 3}')) AS t (name, hq, lake, days, missing, stale, ghost, aside, unjudged)
WHERE r.state = 'done';
INSERT INTO reconcile_day (run_id, table_name, day, fault, records, examples)
SELECT r.id, 'raw_member_case', current_date - d.ago, d.fault, d.records, ARRAY['7c1f2a44-09be-4b1d-8a55-0d4a3f6a9c11']
FROM reconcile_run r, (VALUES (2, 'missing', 9), (2, 'stale', 4), (6, 'ghost', 1)) AS d (ago, fault, records) WHERE r.state = 'done';

INSERT INTO alert (kind, subject, text, since, pending) VALUES
  ('table_halted', 'commcarehq_nutrition_demo.raw_child_weight_height_form', 'Table raw_child_weight_height_form is halted: STATEMENT_SKIPPED', now() - interval '40 min', false);
INSERT INTO alert (kind, subject, text, since, pending, ended_at) VALUES
  ('lag', 'case-sql', 'case-sql is 112,400 messages behind, more than 100,000', now() - interval '3 days', false, now() - interval '3 days' + interval '35 min');
INSERT INTO alert_delivery (alert_id, state, delivered_at) SELECT id, 'open', since + interval '2 s' FROM alert;

INSERT INTO audit_log (at, who, role, action, target, reason, outcome, address) VALUES
  (now() - interval '26 hours', 'amara', 'operator', 'reprocess', 'nutrition-demo raw_member_case', 'masks changed', 'done', '10.1.4.20'),
  (now() - interval '5 hours', 'amara', 'operator', 'run aggregation', 'agg_child_care nutrition-demo', 'numbers for the district review', 'done', '10.1.4.20'),
  (now() - interval '3 hours', 'amara', 'operator', 'pause', 'queue reprocess', 'quiet until the monthly reports are out', 'done', '10.1.4.20'),
  (now() - interval '20 min', 'guest', 'viewer', 'retry job', 'batch-341', 'try', 'refused: needs operator', '10.1.4.77');

-- Published months, failures. Sources' versions are older than the newest merge for two months, which are stale.
INSERT INTO aggregation_run (domain, model, month, config_version_id, model_sha256, sources, state, delta_version, rows, created_at, ended_at)
SELECT 'nutrition-demo', m, date_trunc('month', now()) - make_interval(months => n), v.id, 'x', '{}', 'published', 10 - n, 4000 + n * 210,
       now() - make_interval(days => 3 * n), now() - make_interval(days => 3 * n) + interval '94 s'
FROM unnest(ARRAY['service_enrollment_form','child_weight_height_form','child_thr_form','supplementary_nutrition_form','child_care_monthly','agg_child_care']) AS m CROSS JOIN generate_series(1, 5) AS n CROSS JOIN (SELECT max(id) AS id FROM config_version) AS v;
INSERT INTO aggregation_step (run_id, step, state, attempts, rows, seconds, started_at, ended_at)
SELECT r.id, s.step, 'done', 1, CASE s.step WHEN 'publish' THEN NULL ELSE r.rows END, s.seconds, r.created_at + make_interval(secs => s.after), r.created_at + make_interval(secs => s.after + s.seconds)
FROM aggregation_run r, (VALUES ('compute', 2, 41), ('audit', 44, 18), ('load', 44, 33), ('publish', 78, 1)) AS s (step, after, seconds);
INSERT INTO aggregation_run (domain, model, month, config_version_id, model_sha256, sources, state, failure_class, failure, created_at, ended_at)
SELECT 'nutrition-demo', 'child_care_monthly', date_trunc('month', now()) - interval '1 month', max(id), 'x', '{}', 'failed', 'data',
       'AUDIT_FAILED: keys_are_unique found 3 rows', now() - interval '50 min', now() - interval '48 min' FROM config_version;
INSERT INTO aggregation_failure (domain, table_name, month, code, reason, at)
VALUES ('nutrition-demo', 'child_care_monthly', date_trunc('month', now()) - interval '1 month', 'AUDIT_FAILED', 'keys_are_unique found 3 rows', now() - interval '48 min');
