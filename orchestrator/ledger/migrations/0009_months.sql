-- What is needed to tell which months of an aggregation are fresh (decision 0019). Kept are facts only: which months of
-- which lake table changed in which Delta version, and which versions a published month was computed from. Whether a
-- month is stale is worked out when it is asked, so nothing that happens between a pin and a publication can be missed.

-- Filling source_change below reads all record places once.
SET LOCAL statement_timeout = 0;

-- Months of the records that a batch has staged for a table, before and after; a null element is a record without a
-- month. Extracted again, a batch may stage others: then it is the union. Gone with the batch's commit.
CREATE TABLE staged_month (
  batch_id bigint NOT NULL REFERENCES batch (id),
  table_id bigint NOT NULL REFERENCES lake_table (id),
  months date[] NOT NULL,
  PRIMARY KEY (batch_id, table_id)
);

-- The newest Delta version of a lake table that changed rows of the month; null: that may have changed any month.
CREATE TABLE source_change (
  table_id bigint NOT NULL REFERENCES lake_table (id),
  month date,
  delta_version bigint NOT NULL,
  batch_id bigint NOT NULL REFERENCES batch (id),
  -- Of the whole batch in this table.
  rows int NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX source_change_month ON source_change (table_id, (coalesce(month, '-infinity'::date)));

-- What a merged lane has changed. A lane that was staged before this migration, and one that changed what the columns
-- of all rows hold, may have changed any month; a lane that wrote nothing has changed none.
CREATE VIEW lane_change AS
  SELECT l.batch_id, l.state, l.table_id, changed.month, l.delta_version, l.inserted + l.updated + l.deleted AS rows
  FROM lane l
    LEFT JOIN staged_month s ON s.batch_id = l.batch_id AND s.table_id = l.table_id
    CROSS JOIN LATERAL (SELECT EXISTS (
      SELECT 1 FROM schema_change c
      WHERE c.table_id = l.table_id AND c.batch_id = l.batch_id AND c.change <> 'added') AS of_columns) AS whole
    CROSS JOIN LATERAL (
      SELECT DISTINCT unnest(CASE WHEN whole.of_columns OR s.months IS NULL THEN ARRAY[NULL::date] ELSE s.months END) AS month
    ) AS changed
  WHERE l.delta_version IS NOT NULL AND (whole.of_columns OR l.inserted + l.updated + l.deleted > 0);

-- Of a lake that is older than this migration every month of every record counts as changed by the newest merge.
INSERT INTO source_change (table_id, month, delta_version, batch_id, rows)
  SELECT known.table_id, known.month, newest.delta_version, newest.batch_id, 0
  FROM (SELECT DISTINCT table_id, unnest(months) AS month FROM record_place) AS known
    CROSS JOIN LATERAL (
      SELECT l.delta_version, l.batch_id FROM lane l
      WHERE l.table_id = known.table_id AND l.delta_version IS NOT NULL ORDER BY l.delta_version DESC LIMIT 1
    ) AS newest;

-- A month of an aggregation as it is published; month null: a table without months. `sources` is table → Delta version,
-- as text, of everything it was computed from: lake tables and other aggregations.
CREATE TABLE aggregation_month (
  domain text NOT NULL,
  table_name text NOT NULL,
  month date,
  run_id bigint NOT NULL,
  delta_version bigint NOT NULL,
  sources jsonb NOT NULL,
  rows bigint NOT NULL,
  model_sha256 text NOT NULL,
  config_version_id bigint NOT NULL REFERENCES config_version (id),
  published_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX aggregation_month_key
  ON aggregation_month (domain, table_name, (coalesce(month, '-infinity'::date)));

-- Why the newest attempt at a month failed; gone when the month is published.
CREATE TABLE aggregation_failure (
  domain text NOT NULL,
  table_name text NOT NULL,
  month date,
  code text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX aggregation_failure_key
  ON aggregation_failure (domain, table_name, (coalesce(month, '-infinity'::date)));

-- The months a domain's schedule has taken up: intent before the work (running), outcome after. A running one whose lease
-- is free was left by a process that died, and is taken up again.
CREATE TABLE schedule_run (
  domain text NOT NULL,
  month date NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  attempts int NOT NULL DEFAULT 0,
  -- By the ledger's clock: a run begun later than now is of a clock that was put back, and does not count.
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  -- Null: not tried again by itself.
  next_attempt_at timestamptz,
  computed int NOT NULL DEFAULT 0,
  reason text,
  PRIMARY KEY (domain, month)
);
