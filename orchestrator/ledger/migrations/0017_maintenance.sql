-- OPTIMIZE and VACUUM of the lake's tables (decision 0024). What a statement did is told by the Delta log, whose commit names
-- the row here; what is due is worked out from the log whenever it is asked, so nothing here can be out of date.

CREATE TABLE maintenance_run (
  id bigserial PRIMARY KEY,
  domain text NOT NULL,
  database_name text NOT NULL,
  table_name text NOT NULL,
  -- Null: an aggregation's table.
  table_id bigint REFERENCES lake_table (id),
  kind text NOT NULL CHECK (kind IN ('optimize', 'vacuum')),
  -- Partitions that are compacted, as `month=2026-01-01`; a table without partitions is ''.
  partitions text[] NOT NULL DEFAULT '{}',
  asked_by text NOT NULL,
  -- gave_way: another writer was first, so that nothing was written; it is tried again later.
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'gave_way', 'failed')),
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  -- Delta versions. Equal: it found nothing to do.
  version_before bigint NOT NULL,
  version_after bigint,
  -- Of the partitions (optimize), or of the whole table (vacuum), by the Delta log.
  files_before bigint NOT NULL,
  files_after bigint,
  bytes_before bigint NOT NULL,
  bytes_after bigint,
  vectors_before bigint NOT NULL,
  vectors_after bigint,
  deleted_rows_before bigint NOT NULL,
  deleted_rows_after bigint,
  -- Files that no version within reach needs any more, deleted by VACUUM.
  files_vacuumed bigint,
  bytes_vacuumed bigint,
  -- VACUUM: hours that were kept, and the newest version whose removed files were all old enough.
  keep_hours int,
  through_version bigint,
  failure_class text,
  failure text
);
CREATE INDEX maintenance_run_table ON maintenance_run (database_name, table_name, id);
-- Never two at once on one table.
CREATE UNIQUE INDEX maintenance_run_live ON maintenance_run (database_name, table_name) WHERE state = 'running';

-- Of all time, for metrics.
CREATE TABLE maintenance_total (
  kind text NOT NULL,
  outcome text NOT NULL,
  runs bigint NOT NULL,
  seconds double precision NOT NULL,
  -- Files fewer in the tables (optimize), files deleted (vacuum).
  files bigint NOT NULL,
  -- Bytes fewer in the tables (optimize), bytes deleted (vacuum).
  bytes bigint NOT NULL,
  rows_purged bigint NOT NULL,
  PRIMARY KEY (kind, outcome)
);
CREATE FUNCTION note_maintenance_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO maintenance_total AS known (kind, outcome, runs, seconds, files, bytes, rows_purged)
    SELECT a.kind, a.state, count(*), coalesce(sum(extract(epoch FROM a.ended_at - a.started_at)), 0)::float8,
           coalesce(sum(CASE a.kind WHEN 'optimize' THEN a.files_before - a.files_after ELSE a.files_vacuumed END), 0),
           coalesce(sum(CASE a.kind WHEN 'optimize' THEN a.bytes_before - a.bytes_after ELSE a.bytes_vacuumed END), 0),
           coalesce(sum(a.deleted_rows_before - a.deleted_rows_after), 0)
    FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE b.state = 'running' AND a.state <> 'running' GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (kind, outcome) DO UPDATE SET runs = known.runs + excluded.runs, seconds = known.seconds + excluded.seconds,
    files = known.files + excluded.files, bytes = known.bytes + excluded.bytes,
    rows_purged = known.rows_purged + excluded.rows_purged;
  RETURN NULL;
END $$;
CREATE TRIGGER maintenance_totals AFTER UPDATE ON maintenance_run
  REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_maintenance_totals();

-- The maintenance that a run on Spark belongs to: its id says so (`maintenance-12`).
ALTER TABLE run ADD COLUMN maintenance_run_id bigint GENERATED ALWAYS AS
  (CASE WHEN id ~ '^maintenance-[0-9]{1,18}$' THEN substring(id FROM '^maintenance-([0-9]+)$')::bigint END) STORED;
CREATE INDEX run_maintenance ON run (maintenance_run_id) WHERE maintenance_run_id IS NOT NULL;

-- Among the jobs that people look for (0011).
CREATE VIEW maintenance_job AS
  SELECT m.id AS key, 'maintenance-' || m.id AS id, 'maintenance' AS kind,
    CASE m.state WHEN 'gave_way' THEN 'cancelled' ELSE m.state END AS state,
    upper(m.kind) || ' ' || m.table_name
      || CASE WHEN m.kind = 'optimize' AND m.partitions <> '{""}' THEN ' ' || cardinality(m.partitions)
           || CASE cardinality(m.partitions) WHEN 1 THEN ' partition' ELSE ' partitions' END ELSE '' END AS title,
    NULL::text AS topic, m.domain, names.tables, NULL::date AS month, m.asked_by AS requested_by, 1 AS attempts,
    m.started_at AS created_at, m.started_at, m.ended_at, m.failure_class, m.failure,
    job_words(
      ARRAY['maintenance-' || m.id, m.kind, m.domain, m.asked_by, left(m.failure, 500)] || names.tables || m.partitions
        || ARRAY(SELECT unnest(ARRAY[s.id, s.driver, s.submission_id]) FROM run s WHERE s.maintenance_run_id = m.id),
      job_terms(NULL, ARRAY[m.domain], names.tables, NULL)) AS words
  FROM maintenance_run m
    CROSS JOIN LATERAL (SELECT ARRAY[m.database_name || '.' || m.table_name] AS tables) AS names;

DO $$
DECLARE
  columns text := 'kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at, ended_at, '
    'failure_class, failure, words';
BEGIN
  EXECUTE format($make$
    CREATE FUNCTION refresh_maintenance_jobs(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $body$
    BEGIN
      IF coalesce(cardinality(keys), 0) = 0 THEN RETURN; END IF;
      PERFORM 1 FROM job WHERE id IN (SELECT 'maintenance-' || key FROM unnest(keys) AS key) ORDER BY id FOR UPDATE;
      UPDATE job SET (%1$s) = ROW(%2$s)
        FROM maintenance_job AS now WHERE now.key = ANY (keys) AND job.id = now.id
          AND (%3$s) IS DISTINCT FROM (%2$s);
      INSERT INTO job (id, %1$s) SELECT now.id, %2$s FROM maintenance_job AS now
        WHERE now.key = ANY (keys) AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = now.id)
        ON CONFLICT DO NOTHING;
    END $body$ $make$,
    columns, 'now.' || replace(columns, ', ', ', now.'), 'job.' || replace(columns, ', ', ', job.'));
END $$;

CREATE FUNCTION index_maintenance_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_maintenance_jobs(ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_maintenance_run AFTER INSERT ON maintenance_run
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_maintenance_run();
CREATE TRIGGER index_maintenance_run AFTER UPDATE ON maintenance_run
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_maintenance_run();

CREATE OR REPLACE FUNCTION index_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_batch_jobs(ARRAY[NEW.batch_id]) WHERE NEW.batch_id IS NOT NULL;
  -- A generated column is not there yet in a trigger before, and is in one after.
  PERFORM refresh_aggregation_jobs(ARRAY[NEW.aggregation_run_id]) WHERE NEW.aggregation_run_id IS NOT NULL;
  PERFORM refresh_maintenance_jobs(ARRAY[NEW.maintenance_run_id]) WHERE NEW.maintenance_run_id IS NOT NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER tell_jobs AFTER INSERT OR UPDATE ON maintenance_run
  FOR EACH STATEMENT EXECUTE FUNCTION tell_change('jobs');
CREATE TRIGGER tell_tables AFTER INSERT OR UPDATE ON maintenance_run
  FOR EACH STATEMENT EXECUTE FUNCTION tell_change('tables');

-- As in 0011: nobody but the ledger's owner may call what triggers are made of.
REVOKE ALL ON FUNCTION note_maintenance_totals() FROM PUBLIC;
REVOKE ALL ON FUNCTION refresh_maintenance_jobs(bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION index_maintenance_run() FROM PUBLIC;
REVOKE ALL ON FUNCTION index_run() FROM PUBLIC;
