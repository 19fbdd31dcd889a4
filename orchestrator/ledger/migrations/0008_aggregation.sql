-- An aggregation has a Spark application of its own (design section 3 of the original): a driver that was started for a
-- group claims runs of that group only, and no other driver claims those.
ALTER TABLE run ADD COLUMN driver_group text;
ALTER TABLE warm_driver ADD COLUMN driver_group text;

CREATE OR REPLACE FUNCTION runner_claim_next(run_driver text, run_group text) RETURNS TABLE (run text, token text, run_file text)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO warm_driver AS known (driver, driver_group, seen_at) VALUES (run_driver, run_group, now())
    ON CONFLICT (driver) DO UPDATE SET seen_at = now();
  UPDATE run SET state = 'claimed', driver = run_driver, claimed_at = now(), heartbeat_at = now()
  WHERE id = (SELECT r.id FROM run r WHERE r.state = 'submitted' AND r.driver_group IS NOT DISTINCT FROM run_group
              ORDER BY r.created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING run.id, run.token, run.run_file;
$$;
CREATE OR REPLACE FUNCTION runner_claim_next(run_driver text) RETURNS TABLE (run text, token text, run_file text)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  SELECT * FROM runner_claim_next(run_driver, NULL);
$$;
REVOKE ALL ON FUNCTION runner_claim_next(text, text) FROM PUBLIC;

-- One computation of an aggregation's table for a domain and month (null: a table without months, made whole). Its id is
-- the transaction number in the Delta log and the fencing token in the warehouse: it grows with every run.
CREATE TABLE aggregation_run (
  id bigserial PRIMARY KEY,
  domain text NOT NULL,
  model text NOT NULL,
  month date,
  config_version_id bigint NOT NULL REFERENCES config_version (id),
  model_sha256 text NOT NULL,
  -- What it reads: table name → Delta version, the same for every step; null: the table was not there.
  sources jsonb NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'published', 'failed')),
  -- Its rows stand in the lake at this version; null until the Delta log has shown it.
  delta_version bigint,
  rows bigint,
  failure_class text,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX aggregation_run_month ON aggregation_run (domain, model, month, id);
-- Never two at once of one table and month.
CREATE UNIQUE INDEX aggregation_run_live ON aggregation_run (domain, model, coalesce(month, '-infinity')) WHERE state = 'running';

-- The steps of a run in their order; a failed one is tried again, and those done before it are not.
CREATE TABLE aggregation_step (
  run_id bigint NOT NULL REFERENCES aggregation_run (id),
  step text NOT NULL CHECK (step IN ('compute', 'audit', 'load', 'publish')),
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  attempts int NOT NULL DEFAULT 1,
  rows bigint,
  seconds double precision,
  failure text,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (run_id, step)
);
