-- Totals of all time, kept beside what they count and in the same transaction. Metrics are read from here: they cost the
-- same with a million batches, begin at no process's start, and are the same whichever process tells them. What is deleted
-- later (a lane extracted again by hand) was done all the same, so no total ever falls.

-- Filling them below reads all lanes and batches once.
SET LOCAL statement_timeout = 0;

CREATE TABLE table_total (
  table_id bigint PRIMARY KEY REFERENCES lake_table (id),
  lanes bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  seconds double precision NOT NULL DEFAULT 0,
  delta_version bigint,
  last_merged_at timestamptz
);

CREATE TABLE topic_total (
  topic text PRIMARY KEY REFERENCES topic (name),
  batches bigint NOT NULL DEFAULT 0,
  messages bigint NOT NULL DEFAULT 0,
  last_committed_at timestamptz
);

-- How long things took, as a histogram: `bucket` is how many of duration_bounds() it reached.
CREATE TABLE duration_total (
  what text NOT NULL CHECK (what IN ('batch_stage', 'batch_merge', 'batch_total', 'aggregation_step')),
  -- The topic, or the step.
  label text NOT NULL,
  bucket int NOT NULL,
  count bigint NOT NULL,
  seconds double precision NOT NULL,
  PRIMARY KEY (what, label, bucket)
);
CREATE FUNCTION duration_bounds() RETURNS double precision[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY[1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200]::double precision[]
$$;

-- Attempts that failed, since this migration.
CREATE TABLE failure_total (
  source text NOT NULL CHECK (source IN ('batch', 'lane', 'aggregation')),
  failure_class text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (source, failure_class)
);

-- Per statement, not per row, so that a statement of many rows changes each total once; rows in one order everywhere, so
-- that two transactions can't deadlock. A table's lanes merge one after the other and a topic's commits are short, so
-- nobody waits for a total.
CREATE FUNCTION note_lane_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO table_total AS known (table_id, lanes, inserted, updated, deleted, refused, seconds, delta_version, last_merged_at)
    SELECT a.table_id, count(*) FILTER (WHERE b.merged_at IS NULL),
           coalesce(sum(coalesce(a.inserted, 0) - coalesce(b.inserted, 0)), 0),
           coalesce(sum(coalesce(a.updated, 0) - coalesce(b.updated, 0)), 0),
           coalesce(sum(coalesce(a.deleted, 0) - coalesce(b.deleted, 0)), 0),
           coalesce(sum(coalesce(a.refused, 0) - coalesce(b.refused, 0)), 0),
           coalesce(sum(coalesce(a.seconds, 0) - coalesce(b.seconds, 0)), 0), max(a.delta_version), max(a.merged_at)
    FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE a.merged_at IS DISTINCT FROM b.merged_at AND a.merged_at IS NOT NULL
    GROUP BY a.table_id ORDER BY a.table_id
  ON CONFLICT (table_id) DO UPDATE SET
    lanes = known.lanes + excluded.lanes, inserted = known.inserted + excluded.inserted,
    updated = known.updated + excluded.updated, deleted = known.deleted + excluded.deleted,
    refused = known.refused + excluded.refused, seconds = known.seconds + excluded.seconds,
    delta_version = greatest(known.delta_version, excluded.delta_version),
    last_merged_at = greatest(known.last_merged_at, excluded.last_merged_at);
  INSERT INTO failure_total AS known (source, failure_class, count)
    SELECT 'lane', coalesce(a.failure_class, 'unknown'), count(*) FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE (a.state = 'failed' AND a.attempts > b.attempts) OR (a.state = 'halted' AND b.state <> 'halted')
    GROUP BY 2 ORDER BY 2
  ON CONFLICT (source, failure_class) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER lane_totals AFTER UPDATE ON lane REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_lane_totals();

-- A lane that is merged from the start: ours never is, a ledger that is filled by SQL may have some.
CREATE FUNCTION note_merged_lanes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO table_total AS known (table_id, lanes, inserted, updated, deleted, refused, seconds, delta_version, last_merged_at)
    SELECT table_id, count(*), coalesce(sum(inserted), 0), coalesce(sum(updated), 0), coalesce(sum(deleted), 0),
           coalesce(sum(refused), 0), coalesce(sum(seconds), 0), max(delta_version), max(merged_at)
    FROM after_rows WHERE merged_at IS NOT NULL GROUP BY table_id ORDER BY table_id
  ON CONFLICT (table_id) DO UPDATE SET
    lanes = known.lanes + excluded.lanes, inserted = known.inserted + excluded.inserted,
    updated = known.updated + excluded.updated, deleted = known.deleted + excluded.deleted,
    refused = known.refused + excluded.refused, seconds = known.seconds + excluded.seconds,
    delta_version = greatest(known.delta_version, excluded.delta_version),
    last_merged_at = greatest(known.last_merged_at, excluded.last_merged_at);
  RETURN NULL;
END $$;
CREATE TRIGGER lane_merged_totals AFTER INSERT ON lane REFERENCING NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_merged_lanes();

CREATE FUNCTION note_batch_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO topic_total AS known (topic, batches, messages, last_committed_at)
    SELECT a.topic, count(*),
           coalesce(sum((SELECT sum(r.until_offset - r.from_offset) FROM batch_range r WHERE r.batch_id = a.id)), 0),
           max(a.committed_at)
    FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE a.committed_at IS NOT NULL AND b.committed_at IS NULL
    GROUP BY a.topic ORDER BY a.topic
  ON CONFLICT (topic) DO UPDATE SET
    batches = known.batches + excluded.batches, messages = known.messages + excluded.messages,
    last_committed_at = greatest(known.last_committed_at, excluded.last_committed_at);
  INSERT INTO duration_total AS known (what, label, bucket, count, seconds)
    SELECT d.what, a.topic, width_bucket(d.seconds, duration_bounds()), count(*), sum(d.seconds)
    FROM after_rows a JOIN before_rows b ON b.id = a.id
      CROSS JOIN LATERAL (VALUES
        ('batch_stage', extract(epoch FROM a.staged_at - a.planned_at)::float8),
        ('batch_merge', extract(epoch FROM a.committed_at - a.staged_at)::float8),
        ('batch_total', extract(epoch FROM a.committed_at - a.planned_at)::float8)) AS d (what, seconds)
    WHERE a.committed_at IS NOT NULL AND b.committed_at IS NULL AND d.seconds IS NOT NULL
    GROUP BY 1, 2, 3 ORDER BY 2, 1, 3
  ON CONFLICT (what, label, bucket) DO UPDATE SET
    count = known.count + excluded.count, seconds = known.seconds + excluded.seconds;
  INSERT INTO failure_total AS known (source, failure_class, count)
    SELECT 'batch', coalesce(a.failure_class, 'unknown'), count(*) FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE a.attempts > b.attempts GROUP BY 2 ORDER BY 2
  ON CONFLICT (source, failure_class) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER batch_totals AFTER UPDATE ON batch REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_batch_totals();

CREATE FUNCTION note_step_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO duration_total AS known (what, label, bucket, count, seconds)
    SELECT 'aggregation_step', a.step, width_bucket(a.seconds, duration_bounds()), count(*), sum(a.seconds)
    FROM after_rows a JOIN before_rows b ON b.run_id = a.run_id AND b.step = a.step
    WHERE a.state = 'done' AND b.state <> 'done' AND a.seconds IS NOT NULL GROUP BY 2, 3 ORDER BY 2, 3
  ON CONFLICT (what, label, bucket) DO UPDATE SET
    count = known.count + excluded.count, seconds = known.seconds + excluded.seconds;
  RETURN NULL;
END $$;
CREATE TRIGGER aggregation_step_totals AFTER UPDATE ON aggregation_step
  REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_step_totals();

CREATE FUNCTION note_aggregation_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO failure_total AS known (source, failure_class, count)
    SELECT 'aggregation', coalesce(a.failure_class, 'unknown'), count(*)
    FROM after_rows a JOIN before_rows b ON b.id = a.id
    WHERE a.state = 'failed' AND b.state <> 'failed' GROUP BY 2 ORDER BY 2
  ON CONFLICT (source, failure_class) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER aggregation_failures AFTER UPDATE ON aggregation_run
  REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_aggregation_failures();

-- Of a lake that is older than this migration.
INSERT INTO table_total (table_id, lanes, inserted, updated, deleted, refused, seconds, delta_version, last_merged_at)
  SELECT table_id, count(*), coalesce(sum(inserted), 0), coalesce(sum(updated), 0), coalesce(sum(deleted), 0),
         coalesce(sum(refused), 0), coalesce(sum(seconds), 0), max(delta_version), max(merged_at)
  FROM lane WHERE merged_at IS NOT NULL GROUP BY table_id;
INSERT INTO topic_total (topic, batches, messages, last_committed_at)
  SELECT b.topic, count(*),
         coalesce(sum((SELECT sum(r.until_offset - r.from_offset) FROM batch_range r WHERE r.batch_id = b.id)), 0),
         max(b.committed_at)
  FROM batch b WHERE b.committed_at IS NOT NULL GROUP BY b.topic;
INSERT INTO duration_total (what, label, bucket, count, seconds)
  SELECT d.what, b.topic, width_bucket(d.seconds, duration_bounds()), count(*), sum(d.seconds)
  FROM batch b CROSS JOIN LATERAL (VALUES
      ('batch_stage', extract(epoch FROM b.staged_at - b.planned_at)::float8),
      ('batch_merge', extract(epoch FROM b.committed_at - b.staged_at)::float8),
      ('batch_total', extract(epoch FROM b.committed_at - b.planned_at)::float8)) AS d (what, seconds)
  WHERE b.committed_at IS NOT NULL AND d.seconds IS NOT NULL GROUP BY 1, 2, 3;
INSERT INTO duration_total (what, label, bucket, count, seconds)
  SELECT 'aggregation_step', step, width_bucket(seconds, duration_bounds()), count(*), sum(seconds)
  FROM aggregation_step WHERE state = 'done' AND seconds IS NOT NULL GROUP BY 2, 3;
