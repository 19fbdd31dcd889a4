-- Comparisons of HQ with the lake: what was compared, what was found by table and day, and what was done about it.
CREATE TABLE reconcile_run (
  id bigserial PRIMARY KEY,
  domain text NOT NULL,
  -- Names of tables; empty: all of the domain.
  tables text[] NOT NULL DEFAULT '{}',
  -- Days of revisions (UTC), until exclusive; null: all.
  from_day date,
  until_day date,
  repair boolean NOT NULL,
  requested_by text NOT NULL,
  reason text,
  -- Asking twice with one key is asking once.
  idempotency_key text UNIQUE,
  -- By the API: a process of the control plane does it, and another one when that dies. Else its command does, or nobody.
  asked boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  -- What a running one is at, for people.
  step text NOT NULL DEFAULT '',
  -- Ids of all findings: JSON lines, relative to CHECKPOINT_BASE_DIR.
  findings_path text,
  failure_code text,
  failure text,
  -- Findings that are not mended, and records of which nothing is said; null until it is done.
  differences bigint,
  unjudged bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz
);
CREATE INDEX reconcile_run_open ON reconcile_run (domain, id) WHERE state IN ('waiting', 'running');
CREATE INDEX reconcile_run_of_domain ON reconcile_run (domain, id);

CREATE TABLE reconcile_table (
  run_id bigint NOT NULL REFERENCES reconcile_run (id),
  table_name text NOT NULL,
  -- Null: the lake has no such table yet.
  delta_version bigint,
  hq_rows bigint NOT NULL,
  lake_rows bigint NOT NULL,
  differing_days int NOT NULL,
  missing bigint NOT NULL,
  stale bigint NOT NULL,
  ghost bigint NOT NULL,
  repaired bigint NOT NULL,
  -- HQ's document cannot be read (quarantine).
  set_aside bigint NOT NULL,
  -- A filter or hook of lake.yaml keeps it out.
  left_out bigint NOT NULL,
  -- Reason → records.
  unjudged jsonb NOT NULL,
  PRIMARY KEY (run_id, table_name)
);

-- Findings by day of HQ's revision, of ghosts by that of the lake's; null: a row without one.
CREATE TABLE reconcile_day (
  run_id bigint NOT NULL REFERENCES reconcile_run (id),
  table_name text NOT NULL,
  day date,
  fault text NOT NULL CHECK (fault IN ('missing', 'stale', 'ghost')),
  records bigint NOT NULL,
  -- A few ids.
  examples text[] NOT NULL
);
CREATE UNIQUE INDEX reconcile_day_key ON reconcile_day (run_id, table_name, fault, (coalesce(day, '-infinity'::date)));

-- The requests by which records are read again.
CREATE TABLE reconcile_request (
  run_id bigint NOT NULL REFERENCES reconcile_run (id),
  request_id bigint NOT NULL REFERENCES reprocess_request (id),
  PRIMARY KEY (run_id, request_id)
);

-- What is known to be in HQ and not in the lake because a filter or hook keeps it out, as a sum of digests that is taken off
-- HQ's: else every comparison would read those documents again. It holds for one lake.yaml, and is worked out anew for every
-- day that does not fit.
CREATE TABLE reconcile_left_out (
  domain text NOT NULL,
  kind text NOT NULL,
  type text NOT NULL,
  -- Since 1970, UTC.
  day int NOT NULL,
  config_sha256 text NOT NULL,
  rows int NOT NULL,
  sum numeric NOT NULL,
  PRIMARY KEY (domain, kind, type, day)
);

-- A job as the others (0011): what the index must say of it, and the triggers that keep it so.
CREATE VIEW reconcile_job AS
  SELECT r.id AS key, 'reconcile-' || r.id AS id, 'reconcile' AS kind, r.state,
    'reconcile ' || r.domain || CASE cardinality(r.tables) WHEN 0 THEN '' WHEN 1 THEN ' ' || r.tables[1]
      ELSE ' ' || cardinality(r.tables) || ' tables' END AS title,
    NULL::text AS topic, r.domain, names.tables, NULL::date AS month, r.requested_by, 1 AS attempts, r.created_at,
    r.started_at, r.ended_at, NULL::text AS failure_class,
    CASE WHEN r.failure IS NOT NULL THEN coalesce(r.failure_code || ': ', '') || r.failure END AS failure,
    job_words(
      ARRAY['reconcile-' || r.id, 'reconcile', r.domain, r.requested_by, r.reason, r.failure_code, left(r.failure, 500)] || names.tables,
      job_terms(NULL, ARRAY[r.domain], names.tables, NULL)) AS words
  FROM reconcile_run r
    CROSS JOIN LATERAL (
      SELECT ARRAY(
        SELECT coalesce((SELECT t.database_name || '.' FROM lake_table t WHERE t.domain = r.domain LIMIT 1), '') || each
        FROM unnest(r.tables) AS each) AS tables
    ) AS names;

DO $$
DECLARE
  columns text := 'kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at, ended_at, '
    'failure_class, failure, words';
BEGIN
  EXECUTE format($make$
    CREATE FUNCTION refresh_reconcile_jobs(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $body$
    BEGIN
      IF coalesce(cardinality(keys), 0) = 0 THEN RETURN; END IF;
      PERFORM 1 FROM job WHERE id IN (SELECT 'reconcile-' || key FROM unnest(keys) AS key) ORDER BY id FOR UPDATE;
      UPDATE job SET (%1$s) = ROW(%2$s)
        FROM reconcile_job AS now WHERE now.key = ANY (keys) AND job.id = now.id
          AND (%3$s) IS DISTINCT FROM (%2$s);
      INSERT INTO job (id, %1$s) SELECT now.id, %2$s FROM reconcile_job AS now
        WHERE now.key = ANY (keys) AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = now.id)
        ON CONFLICT DO NOTHING;
    END $body$ $make$,
    columns, 'now.' || replace(columns, ', ', ', now.'), 'job.' || replace(columns, ', ', ', job.'));
END $$;

CREATE FUNCTION index_reconcile_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_reconcile_jobs(ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_reconcile_run AFTER INSERT ON reconcile_run FOR EACH ROW EXECUTE FUNCTION index_reconcile_run();
-- A step is nothing that the index shows.
CREATE TRIGGER index_reconcile_run AFTER UPDATE ON reconcile_run FOR EACH ROW
  WHEN ((OLD.state, OLD.failure_code, OLD.failure, OLD.started_at, OLD.ended_at)
    IS DISTINCT FROM (NEW.state, NEW.failure_code, NEW.failure, NEW.started_at, NEW.ended_at)) EXECUTE FUNCTION index_reconcile_run();
REVOKE ALL ON FUNCTION refresh_reconcile_jobs(bigint[]), index_reconcile_run() FROM PUBLIC;
