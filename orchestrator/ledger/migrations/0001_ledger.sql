-- The ledger: what was planned, done and failed. What is IN the lake is told by the Delta log alone (design section 4).

-- One row: which lake this ledger belongs to.
CREATE TABLE lake (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  uuid uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Every lake.yaml that was ever active; the one with `active` is the one that may plan.
CREATE TABLE config_version (
  id bigserial PRIMARY KEY,
  sha256 text NOT NULL,
  text text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  activated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX config_version_active ON config_version (active) WHERE active;

CREATE TABLE topic (
  name text PRIMARY KEY,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'halted')),
  reason text,
  next_sequence bigint NOT NULL DEFAULT 1
);

-- planned_until: first offset no batch has planned. The committed prefix is derived from the open batches.
CREATE TABLE topic_partition (
  topic text NOT NULL REFERENCES topic (name),
  partition int NOT NULL,
  planned_until bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);

CREATE TABLE batch (
  id bigserial PRIMARY KEY,
  topic text NOT NULL REFERENCES topic (name),
  sequence bigint NOT NULL,
  kind text NOT NULL DEFAULT 'live',
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'staged', 'committed', 'halted')),
  config_version_id bigint NOT NULL REFERENCES config_version (id),
  manifest_path text NOT NULL,
  manifest_sha256 text NOT NULL,
  ids int NOT NULL,
  newest_publish_timestamp text,
  extraction int NOT NULL DEFAULT 0,
  staging_path text,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  failure_class text,
  failure text,
  planned_at timestamptz NOT NULL DEFAULT now(),
  staged_at timestamptz,
  committed_at timestamptz,
  swept_at timestamptz,
  UNIQUE (topic, sequence)
);
CREATE INDEX batch_open ON batch (topic, sequence) WHERE state <> 'committed';
CREATE INDEX batch_to_sweep ON batch (committed_at) WHERE state = 'committed' AND swept_at IS NULL;

CREATE TABLE batch_range (
  batch_id bigint NOT NULL REFERENCES batch (id),
  partition int NOT NULL,
  from_offset bigint NOT NULL,
  until_offset bigint NOT NULL,
  PRIMARY KEY (batch_id, partition)
);

-- A lake table. `shape` is the shape of each path (design section 7), `names` maps a path to its column name;
-- both change only together with a merged lane.
CREATE TABLE lake_table (
  id bigserial PRIMARY KEY,
  domain text NOT NULL,
  kind text NOT NULL,
  type text NOT NULL,
  database_name text NOT NULL,
  table_name text NOT NULL,
  path text NOT NULL UNIQUE,
  shape jsonb NOT NULL DEFAULT '{}',
  names jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'halted')),
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (domain, kind, type)
);
CREATE UNIQUE INDEX lake_table_name ON lake_table (database_name, lower(table_name));

-- The statements for one table in one batch: the unit of state.
CREATE TABLE lane (
  id bigserial PRIMARY KEY,
  batch_id bigint NOT NULL REFERENCES batch (id),
  table_id bigint NOT NULL REFERENCES lake_table (id),
  state text NOT NULL CHECK (state IN ('staged', 'submitted', 'merged', 'committed', 'failed', 'halted')),
  upserts int NOT NULL,
  deletes int NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  failure_class text,
  failure text,
  delta_version bigint,
  inserted int,
  updated int,
  deleted int,
  refused int,
  seconds double precision,
  run_id text,
  merged_at timestamptz,
  UNIQUE (batch_id, table_id)
);
CREATE INDEX lane_open ON lane (table_id, batch_id) WHERE state <> 'committed';

-- Lanes that may be merged now. Each table merges in sequence order: a lane waits for every lane of an earlier batch
-- on its table (so a halted one stops its table), and for earlier batches of its topic that are not staged yet.
CREATE VIEW runnable_lane AS
  SELECT l.id, l.batch_id FROM lane l JOIN batch b ON b.id = l.batch_id JOIN lake_table t ON t.id = l.table_id
  WHERE l.state IN ('staged', 'submitted', 'failed') AND t.state = 'running'
    AND NOT EXISTS (SELECT 1 FROM batch e WHERE e.topic = b.topic AND e.sequence < b.sequence AND e.staged_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM lane el JOIN batch e ON e.id = el.batch_id
                    WHERE el.table_id = l.table_id AND e.sequence < b.sequence
                      AND el.state NOT IN ('merged', 'committed'));

-- One attempt to merge a batch's lanes. The driver claims it with the token; a voided run can't be claimed.
CREATE TABLE run (
  id text PRIMARY KEY,
  batch_id bigint NOT NULL REFERENCES batch (id),
  token text NOT NULL,
  state text NOT NULL CHECK (state IN ('submitted', 'claimed', 'done', 'failed', 'voided')),
  path text NOT NULL,
  run_file text NOT NULL,
  rest_url text,
  submission_id text,
  driver text,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  heartbeat_at timestamptz,
  finished_at timestamptz,
  reason text
);
CREATE UNIQUE INDEX run_live ON run (batch_id) WHERE state IN ('submitted', 'claimed');

CREATE TABLE run_lane (
  run_id text NOT NULL REFERENCES run (id),
  lane_id bigint NOT NULL REFERENCES lane (id),
  PRIMARY KEY (run_id, lane_id)
);

-- Where a record stands or may stand. Added when staged, removed when its delete has committed. `months` is a
-- superset of the months its row ever had in that table (null element: a row without a month).
CREATE TABLE record_place (
  kind text NOT NULL,
  domain text NOT NULL,
  record_id text NOT NULL,
  table_id bigint NOT NULL REFERENCES lake_table (id),
  months date[] NOT NULL,
  sequence bigint NOT NULL,
  deleted_by bigint,
  PRIMARY KEY (kind, domain, record_id, table_id)
);
CREATE INDEX record_place_deleted ON record_place (table_id, deleted_by) WHERE deleted_by IS NOT NULL;

CREATE TABLE quarantine (
  id bigserial PRIMARY KEY,
  batch_id bigint NOT NULL REFERENCES batch (id),
  kind text NOT NULL,
  domain text NOT NULL,
  record_id text NOT NULL,
  type text,
  reason text NOT NULL,
  place text NOT NULL,
  partition int,
  message_offset bigint,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (batch_id, kind, domain, record_id)
);

-- Messages that are no HQ change (not JSON, no document id): set aside with their offset, never skipped silently.
CREATE TABLE odd_message (
  topic text NOT NULL,
  partition int NOT NULL,
  message_offset bigint NOT NULL,
  batch_id bigint NOT NULL REFERENCES batch (id),
  reason text NOT NULL,
  PRIMARY KEY (batch_id, topic, partition, message_offset)
);

-- Who does what now. `token` grows with each new holder, so a late write of an old one can be told.
CREATE TABLE lease (
  name text PRIMARY KEY,
  owner text NOT NULL,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Drivers that go on claiming runs until idle; `seen_at` is their last look for work.
CREATE TABLE warm_driver (
  driver text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
