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
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  -- What a running one is at, for people.
  step text NOT NULL DEFAULT '',
  -- Ids of all findings: JSON lines, relative to CHECKPOINT_BASE_DIR.
  findings_path text,
  failure_code text,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX reconcile_run_running ON reconcile_run (domain) WHERE state = 'running';
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
