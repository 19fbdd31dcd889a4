-- Declared types of the table's columns as they are now, by path (texts are left out); changes only together with a
-- merged lane, like `shape` and `names`.
ALTER TABLE lake_table ADD COLUMN types jsonb NOT NULL DEFAULT '{}';

-- What changed in a table's columns, in which version of it, and which record of which message brought it. No record
-- means that lake.yaml did (the batch tells the configuration).
CREATE TABLE schema_change (
  id bigserial PRIMARY KEY,
  table_id bigint NOT NULL REFERENCES lake_table (id),
  batch_id bigint NOT NULL REFERENCES batch (id),
  delta_version bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  column_name text NOT NULL,
  change text NOT NULL CHECK (change IN ('added', 'list', 'type', 'dropped')),
  from_type text,
  to_type text,
  record_id text,
  partition int,
  message_offset bigint
);
CREATE INDEX schema_change_table ON schema_change (table_id, id);

-- `retype`: rows read again because their table's declared types changed. `reprocess`: because somebody asked.
-- `fan-out`: because something they show changed that HQ does not announce.
ALTER TABLE batch DROP CONSTRAINT batch_kind;
ALTER TABLE batch ADD CONSTRAINT batch_kind
  CHECK (kind IN ('live', 'replay', 'reread', 'retype', 'prune', 'reprocess', 'fan-out'));

-- Whether the old values could not be turned into the new type exactly, so that the rows are read from HQ again.
ALTER TABLE schema_change ADD COLUMN reread boolean NOT NULL DEFAULT false;

-- Records of one table that are read from HQ again, page by page in the order of their ids. Each page is planned with
-- the commit of the one before, so that live batches come between them and a restart goes on where it was.
CREATE TABLE page_job (
  id bigserial PRIMARY KEY,
  topic text NOT NULL REFERENCES topic (name),
  kind text NOT NULL CHECK (kind IN ('retype', 'reprocess')),
  table_id bigint NOT NULL REFERENCES lake_table (id),
  -- Records last staged by a batch before this one; later ones are as they should be.
  before_sequence bigint NOT NULL,
  -- The last record id that was planned, and how many were.
  planned_to text NOT NULL DEFAULT '',
  records int NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz
);
ALTER TABLE batch ADD COLUMN page_job_id bigint REFERENCES page_job (id);

-- A run without a batch asks a question (dry runs, listings) and writes nothing.
ALTER TABLE run ALTER COLUMN batch_id DROP NOT NULL;

-- Columns of one table to be dropped with the batch, when no row holds a value in them at that moment: a table id and
-- paths. `pruned` are those that were dropped: decided once, before the lane is rendered for the first time.
ALTER TABLE batch ADD COLUMN prune jsonb;
ALTER TABLE lane ADD COLUMN pruned jsonb;

-- What a submitted rewrite makes of the table's shape: when the batch is extracted again before it has merged, the Delta log
-- tells whether the rewrite stands, and the ledger then goes on from there.
ALTER TABLE lake_table ADD COLUMN raised jsonb;
