-- What people do to running work (pauses, requests for aggregations, cancels), which processes there are, and the
-- search index over everything that runs.

-- Filling the index reads every batch once.
SET LOCAL statement_timeout = 0;

-- Work that no process may begin. It stands here and not in Redis, so that no flush resumes it; what runs on Spark already
-- ends by itself. `name`: the topic, `database.table` or queue; '' for all.
CREATE TABLE pause (
  id bigserial PRIMARY KEY,
  scope text NOT NULL CHECK (scope IN ('all', 'topic', 'table', 'queue')),
  name text NOT NULL,
  reason text NOT NULL,
  paused_by text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (scope, name)
);

-- Months of aggregations that somebody asked for. `month` is asked for as it is; what it needs is computed before it.
CREATE TABLE aggregation_request (
  id bigserial PRIMARY KEY,
  domain text NOT NULL,
  -- `all`, or one aggregation's table.
  table_name text NOT NULL,
  month date NOT NULL,
  force boolean NOT NULL DEFAULT false,
  reason text,
  requested_by text NOT NULL,
  idempotency_key text UNIQUE,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  attempts int NOT NULL DEFAULT 0,
  -- A cause that should pass is tried again then; until that the request waits.
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  failure_class text,
  failure_code text,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz
);
CREATE INDEX aggregation_request_open ON aggregation_request (id) WHERE state IN ('waiting', 'running');

ALTER TABLE aggregation_run
  -- The request it was computed for; null: a command's or the schedule's.
  ADD COLUMN request_id bigint REFERENCES aggregation_request (id),
  -- Somebody wants it to end: whoever computes it stops and notes it as failed with the code CANCELLED.
  ADD COLUMN cancelled_by text,
  ADD COLUMN cancel_reason text;
CREATE INDEX aggregation_run_request ON aggregation_run (request_id) WHERE request_id IS NOT NULL;

-- When its first and its latest extraction began.
ALTER TABLE batch ADD COLUMN started_at timestamptz, ADD COLUMN extraction_began_at timestamptz;
UPDATE batch SET started_at = planned_at, extraction_began_at = planned_at WHERE extraction > 0;
CREATE INDEX run_batch ON run (batch_id) WHERE batch_id IS NOT NULL;
-- The computation that a run belongs to: its id says so (`aggregation-12-compute-1`).
ALTER TABLE run ADD COLUMN aggregation_run_id bigint GENERATED ALWAYS AS
  (CASE WHEN id ~ '^aggregation-[0-9]{1,18}-' THEN substring(id FROM '^aggregation-([0-9]+)-')::bigint END) STORED;
CREATE INDEX run_aggregation ON run (aggregation_run_id) WHERE aggregation_run_id IS NOT NULL;

-- Processes of the control plane; one that was not seen for a lease's time is gone.
CREATE TABLE process (
  owner text PRIMARY KEY,
  roles text[] NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- The search index: one row per job, kept by the triggers below in the transaction that changes it. It holds nothing that
-- can't be worked out again: the views batch_job, aggregation_job, request_job and reprocess_job say what it must be.
CREATE TABLE job (
  id text PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL,
  title text NOT NULL,
  topic text,
  -- Null: several, or none.
  domain text,
  -- `database.table`
  tables text[] NOT NULL,
  month date,
  requested_by text,
  attempts int NOT NULL,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  ended_at timestamptz,
  failure_class text,
  failure text,
  -- Words to be searched, and `=what:value` for what is filtered by (a job may have many of those).
  words tsvector NOT NULL
);

-- Lexemes of texts: each word as it stands, and its parts. ASCII only is folded and cut, so that every server does the same.
CREATE FUNCTION job_words(texts text[], terms text[]) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_to_tsvector(array_agg(DISTINCT left(word, 500))), '') FROM (
    SELECT whole AS word FROM unnest(texts) AS text, regexp_split_to_table(lower(text), '\s+') AS whole
    UNION ALL
    SELECT part FROM unnest(texts) AS text, regexp_split_to_table(lower(text), '[^a-z0-9]+') AS part
    UNION ALL
    SELECT term FROM unnest(terms) AS term
  ) AS words WHERE word <> ''
$$;

-- All words of what was typed must occur; the last one may be the beginning of a word. Null: nothing was typed.
CREATE FUNCTION job_search(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg(
    CASE WHEN parts.all_of IS NULL THEN lexeme.whole ELSE '(' || lexeme.whole || ' | (' || parts.all_of || '))' END, ' & ')::tsquery
  FROM (SELECT lower(word) AS word, at, count(*) OVER () = at AS is_last
        FROM regexp_split_to_table(trim(typed), '\s+') WITH ORDINALITY AS typed_word(word, at) WHERE word <> '') AS w
    CROSS JOIN LATERAL (SELECT CASE WHEN is_last THEN ':*' ELSE '' END AS mark) AS prefix
    CROSS JOIN LATERAL (SELECT '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''' || mark AS whole) AS lexeme
    CROSS JOIN LATERAL (
      SELECT string_agg('''' || part || '''' || CASE WHEN nth = most THEN mark ELSE '' END, ' & ' ORDER BY nth) AS all_of
      FROM (SELECT part, nth, max(nth) OVER () AS most
            FROM regexp_split_to_table(word, '[^a-z0-9]+') WITH ORDINALITY AS p(part, nth) WHERE part <> '') AS cut
      WHERE word ~ '[^a-z0-9]'
    ) AS parts
$$;

-- Exactly this lexeme, such as `=topic:form-sql`.
CREATE FUNCTION job_term(term text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('''' || replace(replace(term, '\', '\\'), '''', '''''') || '''')::tsquery
$$;

CREATE FUNCTION job_terms(topic text, domains text[], tables text[], month date) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_remove(ARRAY['=topic:' || topic, '=month:' || month::text]
    || ARRAY(SELECT '=domain:' || each FROM unnest(domains) AS each)
    || ARRAY(SELECT '=table:' || lower(each) FROM unnest(tables) AS each)
    || ARRAY(SELECT '=table:' || lower(substr(each, strpos(each, '.') + 1)) FROM unnest(tables) AS each), NULL)
$$;

-- A job that waits and would begin nothing, because what it belongs to is paused.
CREATE FUNCTION is_held(queue text, topic text, tables text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM pause p WHERE p.scope = 'all' OR (p.scope = 'queue' AND p.name = queue)
                 OR (p.scope = 'topic' AND p.name = topic))
    OR (cardinality(tables) > 0 AND NOT EXISTS (
      SELECT 1 FROM unnest(tables) AS each
      WHERE NOT EXISTS (SELECT 1 FROM pause p WHERE p.scope = 'table' AND lower(p.name) = lower(each))))
$$;

CREATE VIEW batch_job AS
  SELECT b.id AS key, 'batch-' || b.id AS id, CASE b.kind WHEN 'live' THEN 'ingestion' ELSE 'page' END AS kind,
    CASE WHEN state.plain IN ('waiting', 'retrying')
           AND is_held(CASE b.state WHEN 'planned' THEN 'stage' ELSE 'merge' END, b.topic, l.open_tables)
         THEN 'paused' ELSE state.plain END AS state,
    b.topic || CASE b.kind WHEN 'live' THEN ' ' ELSE ' ' || b.kind || ' ' END || to_char(b.ids, 'FM999,999,999,990')
      || CASE b.ids WHEN 1 THEN ' record' ELSE ' records' END AS title,
    b.topic, CASE WHEN cardinality(l.domains) = 1 THEN l.domains[1] END AS domain, l.tables, NULL::date AS month,
    q.requested_by, CASE WHEN b.staged_at IS NULL THEN b.extraction ELSE greatest(1, r.runs) END AS attempts,
    b.planned_at AS created_at, b.started_at, b.committed_at AS ended_at,
    CASE WHEN b.state <> 'committed' THEN coalesce(l.failure_class, b.failure_class) END AS failure_class, why.failure,
    job_words(
      ARRAY['batch-' || b.id, b.topic, b.kind, b.sequence::text, q.requested_by, left(why.failure, 500)]
        || l.tables || l.domains || r.names || s.records,
      job_terms(b.topic, l.domains, l.tables, NULL)) AS words
  FROM batch b
    LEFT JOIN reprocess_request q ON q.id = b.reprocess_request_id
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(t.database_name || '.' || t.table_name ORDER BY t.database_name, t.table_name), '{}') AS tables,
        coalesce(array_agg(t.database_name || '.' || t.table_name) FILTER (WHERE l.state NOT IN ('merged', 'committed')), '{}')
          AS open_tables,
        coalesce(array_agg(DISTINCT t.domain), '{}') AS domains,
        coalesce(bool_or(l.state = 'halted' AND l.failure NOT LIKE 'CANCELLED:%'), false) AS has_halted,
        coalesce(bool_or(l.state = 'halted' AND l.failure LIKE 'CANCELLED:%'), false) AS has_cancelled,
        coalesce(bool_or(l.state = 'submitted'), false) AS is_submitted,
        coalesce(bool_or(l.state = 'failed'), false) AS has_failed,
        coalesce(bool_and(l.state IN ('merged', 'committed')), true) AS all_merged,
        (array_agg(l.failure ORDER BY l.state = 'halted' DESC, l.id) FILTER (WHERE l.state IN ('halted', 'failed')))[1] AS failure,
        (array_agg(l.failure_class ORDER BY l.state = 'halted' DESC, l.id) FILTER (WHERE l.state IN ('halted', 'failed')))[1]
          AS failure_class
      FROM lane l JOIN lake_table t ON t.id = l.table_id WHERE l.batch_id = b.id
    ) AS l
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS runs, coalesce(array_agg(r.id), '{}') || coalesce(array_agg(r.driver), '{}')
        || coalesce(array_agg(r.submission_id), '{}') AS names
      FROM run r WHERE r.batch_id = b.id
    ) AS r
    CROSS JOIN LATERAL (
      -- Enough to find a batch by a record of it; thousands of ids would make the index a copy of the quarantine.
      SELECT ARRAY(SELECT record_id FROM quarantine WHERE batch_id = b.id ORDER BY id LIMIT 100) AS records
    ) AS s
    CROSS JOIN LATERAL (
      SELECT CASE
        WHEN b.state = 'committed' THEN 'done'
        WHEN b.state = 'halted' AND b.failure LIKE 'CANCELLED:%' THEN 'cancelled'
        WHEN b.state = 'halted' OR l.has_halted THEN 'halted'
        WHEN l.has_cancelled THEN 'cancelled'
        WHEN b.state = 'planned' AND b.attempts > 0 THEN 'retrying'
        WHEN b.state = 'planned' AND b.extraction > 0 THEN 'running'
        WHEN b.state = 'planned' THEN 'waiting'
        WHEN l.is_submitted OR l.all_merged THEN 'running'
        WHEN l.has_failed OR b.attempts > 0 THEN 'retrying'
        ELSE 'waiting' END AS plain
    ) AS state
    CROSS JOIN LATERAL (
      SELECT CASE WHEN b.state <> 'committed' THEN coalesce(l.failure, b.failure) END AS failure
    ) AS why;

CREATE VIEW aggregation_job AS
  SELECT r.id AS key, 'aggregation-' || r.id AS id, 'aggregation' AS kind,
    CASE WHEN r.state = 'published' THEN 'done' WHEN r.state = 'running' THEN 'running'
         WHEN r.failure LIKE 'CANCELLED:%' THEN 'cancelled' ELSE 'failed' END AS state,
    r.model || coalesce(' ' || to_char(r.month, 'YYYY-MM'), '') AS title,
    NULL::text AS topic, r.domain, names.tables, r.month, q.requested_by,
    greatest(1, (SELECT max(s.attempts) FROM aggregation_step s WHERE s.run_id = r.id)) AS attempts,
    r.created_at, r.created_at AS started_at, r.ended_at, r.failure_class, r.failure,
    job_words(
      ARRAY['aggregation-' || r.id, r.model, r.domain, to_char(r.month, 'YYYY-MM'), 'request-' || q.id, q.requested_by,
            left(r.failure, 500)] || names.tables
        || ARRAY(SELECT unnest(ARRAY[s.id, s.driver, s.submission_id]) FROM run s
                 WHERE s.aggregation_run_id = r.id),
      job_terms(NULL, ARRAY[r.domain], names.tables, r.month)) AS words
  FROM aggregation_run r
    LEFT JOIN aggregation_request q ON q.id = r.request_id
    CROSS JOIN LATERAL (
      SELECT ARRAY[coalesce((SELECT t.database_name || '.' FROM lake_table t WHERE t.domain = r.domain LIMIT 1), '') || r.model]
        AS tables
    ) AS names;

CREATE VIEW request_job AS
  SELECT q.id AS key, 'request-' || q.id AS id, 'request' AS kind,
    CASE WHEN q.state = 'waiting' AND is_held('aggregation', NULL, names.tables) THEN 'paused'
         WHEN q.state = 'waiting' AND q.attempts > 0 THEN 'retrying' ELSE q.state END AS state,
    q.table_name || ' ' || to_char(q.month, 'YYYY-MM') || ' of ' || q.domain AS title,
    NULL::text AS topic, q.domain, names.tables, q.month, q.requested_by, q.attempts, q.created_at, q.started_at, q.ended_at,
    q.failure_class, CASE WHEN q.failure IS NOT NULL THEN coalesce(q.failure_code || ': ', '') || q.failure END AS failure,
    job_words(
      ARRAY['request-' || q.id, q.table_name, q.domain, to_char(q.month, 'YYYY-MM'), q.requested_by, q.reason, q.failure_code,
            left(q.failure, 500)] || names.tables,
      job_terms(NULL, ARRAY[q.domain], names.tables, q.month)) AS words
  FROM aggregation_request q
    CROSS JOIN LATERAL (
      SELECT CASE q.table_name WHEN 'all' THEN '{}'::text[] ELSE
        ARRAY[coalesce((SELECT t.database_name || '.' FROM lake_table t WHERE t.domain = q.domain LIMIT 1), '') || q.table_name]
        END AS tables
    ) AS names;

CREATE VIEW reprocess_job AS
  SELECT q.id AS key, 'reprocess-' || q.id AS id, q.kind,
    CASE WHEN q.state = 'running' AND is_held('reprocess', q.scope->>'topic', '{}') THEN 'paused' ELSE q.state END AS state,
    q.kind || ' ' || q.domain || coalesce(' ' || (q.scope->>'table'), '') || coalesce(' ' || left(q.scope->>'month', 7), '')
      AS title,
    q.scope->>'topic' AS topic, q.domain, names.tables, NULL::date AS month, q.requested_by, 1 AS attempts, q.created_at,
    q.created_at AS started_at, q.ended_at, NULL::text AS failure_class,
    CASE WHEN q.failure IS NOT NULL THEN coalesce(q.failure_code || ': ', '') || q.failure END AS failure,
    job_words(
      ARRAY['reprocess-' || q.id, q.kind, q.domain, q.requested_by, q.reason, q.failure_code, left(q.failure, 500),
            left(q.scope->>'month', 7)] || names.tables,
      job_terms(q.scope->>'topic', ARRAY[q.domain], names.tables, NULL)) AS words
  FROM reprocess_request q
    CROSS JOIN LATERAL (
      SELECT CASE WHEN q.scope->>'table' IS NULL THEN '{}'::text[] ELSE
        ARRAY[coalesce((SELECT t.database_name || '.' FROM lake_table t WHERE t.domain = q.domain LIMIT 1), '')
              || (q.scope->>'table')] END AS tables
    ) AS names;

-- Brings jobs of one kind to what its view says. The rows are taken first and the view is read after that: of two
-- transactions that change one job the later one sees what the earlier has done. Nothing is written where nothing shown
-- has changed.
DO $$
DECLARE
  columns text := 'kind, state, title, topic, domain, tables, month, requested_by, attempts, created_at, started_at, ended_at, '
    'failure_class, failure, words';
  source text;
BEGIN
  FOREACH source IN ARRAY ARRAY['batch', 'aggregation', 'request', 'reprocess'] LOOP
    EXECUTE format($make$
      CREATE FUNCTION refresh_%1$s_jobs(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $body$
      BEGIN
        IF coalesce(cardinality(keys), 0) = 0 THEN RETURN; END IF;
        PERFORM 1 FROM job WHERE id IN (SELECT '%1$s-' || key FROM unnest(keys) AS key) ORDER BY id FOR UPDATE;
        UPDATE job SET (%2$s) = ROW(%3$s)
          FROM %1$s_job AS now WHERE now.key = ANY (keys) AND job.id = now.id
            AND (%4$s) IS DISTINCT FROM (%3$s);
        INSERT INTO job (id, %2$s) SELECT now.id, %3$s FROM %1$s_job AS now
          WHERE now.key = ANY (keys) AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = now.id)
          ON CONFLICT DO NOTHING;
      END $body$ $make$,
      source, columns, 'now.' || replace(columns, ', ', ', now.'), 'job.' || replace(columns, ', ', ', job.'));
    EXECUTE format('INSERT INTO job (id, %2$s) SELECT id, %2$s FROM %1$s_job', source, columns);
  END LOOP;
END $$;

-- The newest first, alone or of one kind, state or class of failure; all other filters are lexemes. Without a list of
-- pending entries, because every search would have to read that from end to end.
CREATE INDEX job_newest ON job (created_at DESC, id DESC);
CREATE INDEX job_of_kind ON job (kind, created_at DESC, id DESC);
CREATE INDEX job_of_state ON job (state, created_at DESC, id DESC);
CREATE INDEX job_of_failure ON job (failure_class, created_at DESC, id DESC) WHERE failure_class IS NOT NULL;
CREATE INDEX job_words ON job USING gin (words) WITH (fastupdate = off);
CREATE STATISTICS job_facets (mcv) ON kind, state, failure_class, topic FROM job;
ALTER TABLE job ALTER COLUMN words SET STATISTICS 300;
ANALYZE job;

-- The triggers are by statement: one that writes a hundred lanes works a batch out once. They look whether anything has
-- changed that is shown; a heartbeat or a sweep touches no job.
CREATE FUNCTION index_batches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM refresh_batch_jobs(ARRAY(SELECT id FROM new_rows));
  ELSE
    PERFORM refresh_batch_jobs(ARRAY(
      SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
      WHERE (n.state, n.attempts > 0, n.extraction, n.staged_at, n.started_at, n.committed_at, n.failure_class, n.failure,
             n.reprocess_request_id)
        IS DISTINCT FROM (o.state, o.attempts > 0, o.extraction, o.staged_at, o.started_at, o.committed_at, o.failure_class,
             o.failure, o.reprocess_request_id)));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_batches AFTER INSERT ON batch
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_batches();
CREATE TRIGGER index_batches AFTER UPDATE ON batch
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_batches();

CREATE FUNCTION index_lanes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    PERFORM refresh_batch_jobs(ARRAY(
      SELECT DISTINCT n.batch_id FROM new_rows n JOIN old_rows o ON o.id = n.id
      WHERE (n.state, n.failure_class, n.failure) IS DISTINCT FROM (o.state, o.failure_class, o.failure)));
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM refresh_batch_jobs(ARRAY(SELECT DISTINCT batch_id FROM new_rows));
  ELSE
    PERFORM refresh_batch_jobs(ARRAY(SELECT DISTINCT batch_id FROM old_rows));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_lanes AFTER INSERT ON lane
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_lanes();
CREATE TRIGGER index_lanes AFTER UPDATE ON lane
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_lanes();
CREATE TRIGGER index_gone_lanes AFTER DELETE ON lane
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION index_lanes();

CREATE FUNCTION index_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_batch_jobs(ARRAY(SELECT DISTINCT batch_id FROM new_rows));
  RETURN NULL;
END $$;
CREATE TRIGGER index_quarantine AFTER INSERT ON quarantine
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_quarantine();

-- By row, because only then the columns can be named: a driver's heartbeat must cost nothing.
CREATE FUNCTION index_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_batch_jobs(ARRAY[NEW.batch_id]) WHERE NEW.batch_id IS NOT NULL;
  -- A generated column is not there yet in a trigger before, and is in one after.
  PERFORM refresh_aggregation_jobs(ARRAY[NEW.aggregation_run_id]) WHERE NEW.aggregation_run_id IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_run AFTER INSERT ON run FOR EACH ROW EXECUTE FUNCTION index_run();
CREATE TRIGGER index_run AFTER UPDATE OF driver, submission_id ON run FOR EACH ROW
  WHEN ((OLD.driver, OLD.submission_id) IS DISTINCT FROM (NEW.driver, NEW.submission_id)) EXECUTE FUNCTION index_run();

CREATE FUNCTION index_aggregation_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_aggregation_jobs(ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_aggregation_run AFTER INSERT ON aggregation_run
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_aggregation_run();
CREATE TRIGGER index_aggregation_run AFTER UPDATE ON aggregation_run
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_aggregation_run();

CREATE FUNCTION index_aggregation_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_aggregation_jobs(ARRAY(SELECT DISTINCT run_id FROM new_rows WHERE state = 'running' AND attempts > 1));
  RETURN NULL;
END $$;
CREATE TRIGGER index_aggregation_step AFTER UPDATE ON aggregation_step
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_aggregation_step();

CREATE FUNCTION index_aggregation_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_request_jobs(ARRAY(SELECT id FROM new_rows));
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_aggregation_request AFTER INSERT ON aggregation_request
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_aggregation_request();
CREATE TRIGGER index_aggregation_request AFTER UPDATE ON aggregation_request
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_aggregation_request();

CREATE FUNCTION index_reprocess_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A scope may list 100,000 ids: it is not read for each page that is counted.
  IF TG_OP = 'INSERT' THEN
    PERFORM refresh_reprocess_jobs(ARRAY(SELECT id FROM new_rows));
  ELSE
    PERFORM refresh_reprocess_jobs(ARRAY(
      SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
      WHERE (n.state, n.failure_code, n.failure, n.ended_at) IS DISTINCT FROM (o.state, o.failure_code, o.failure, o.ended_at)));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER index_new_reprocess_request AFTER INSERT ON reprocess_request
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_reprocess_request();
CREATE TRIGGER index_reprocess_request AFTER UPDATE ON reprocess_request
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION index_reprocess_request();

-- What is paused or resumed concerns all that waits; there is never much of it (20 batches of a topic at most).
CREATE FUNCTION index_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_batch_jobs(ARRAY(SELECT id FROM batch WHERE state <> 'committed' ORDER BY id));
  PERFORM refresh_request_jobs(ARRAY(SELECT id FROM aggregation_request WHERE state IN ('waiting', 'running') ORDER BY id));
  PERFORM refresh_reprocess_jobs(ARRAY(SELECT id FROM reprocess_request WHERE state = 'running' ORDER BY id));
  RETURN NULL;
END $$;
CREATE TRIGGER index_pauses AFTER INSERT OR DELETE ON pause FOR EACH STATEMENT EXECUTE FUNCTION index_pauses();

-- As before (0001), and nothing of what is paused.
CREATE OR REPLACE VIEW runnable_lane AS
  SELECT l.id, l.batch_id FROM lane l JOIN batch b ON b.id = l.batch_id JOIN lake_table t ON t.id = l.table_id
  WHERE l.state IN ('staged', 'submitted', 'failed') AND t.state = 'running'
    AND NOT is_held('merge', b.topic, ARRAY[t.database_name || '.' || t.table_name])
    AND NOT EXISTS (SELECT 1 FROM batch e WHERE e.topic = b.topic AND e.sequence < b.sequence AND e.staged_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM lane el JOIN batch e ON e.id = el.batch_id
                    WHERE el.table_id = l.table_id AND e.sequence < b.sequence
                      AND el.state NOT IN ('merged', 'committed'));

-- Drivers' limited role may call its own functions and no other (0002).
DO $$
DECLARE
  made regprocedure;
BEGIN
  FOR made IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
    AND (p.proname LIKE 'index\_%' OR p.proname LIKE 'refresh\_%\_jobs' OR p.proname LIKE 'job\_%' OR p.proname = 'is_held')
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made);
  END LOOP;
END $$;
