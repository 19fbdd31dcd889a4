-- Records that somebody asks to have read from HQ again, and migrations (everything that lake.yaml keeps of a domain). Both
-- are lists of ids that go page by page through the one pipeline; what is asked for stands here before anything is done.
CREATE TABLE reprocess_request (
  id bigserial PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('reprocess', 'migration')),
  domain text NOT NULL,
  -- Which records: reprocessScope of api/schemas/operate.ts. Ids are sorted, each once.
  scope jsonb NOT NULL,
  -- Months that its pages have changed are computed again at its end.
  reaggregate boolean NOT NULL DEFAULT false,
  reason text,
  requested_by text NOT NULL,
  -- Asking twice with one key is asking once.
  idempotency_key text UNIQUE,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  -- Planned so far, and what a dry run said before.
  records bigint NOT NULL DEFAULT 0,
  estimated bigint,
  -- Of a running one: why it does not go on at present; of an ended one: why it failed, or who cancelled it.
  failure_code text,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  reaggregated_at timestamptz
);
CREATE INDEX reprocess_request_running ON reprocess_request (id) WHERE state = 'running';
CREATE INDEX reprocess_request_to_reaggregate ON reprocess_request (id)
  WHERE reaggregate AND state = 'done' AND reaggregated_at IS NULL;

-- One way of listing a request's records, per topic. `progress` says where the next page begins; it moves in the transaction
-- that plans a page, so a process may die at any point and no record is left out.
CREATE TABLE reprocess_part (
  id bigserial PRIMARY KEY,
  request_id bigint NOT NULL REFERENCES reprocess_request (id),
  topic text NOT NULL REFERENCES topic (name),
  listing text NOT NULL CHECK (listing IN ('ids', 'offsets', 'lake', 'ghosts', 'live', 'modified', 'received', 'operations', 'month')),
  progress jsonb NOT NULL DEFAULT '{}',
  records bigint NOT NULL DEFAULT 0,
  done boolean NOT NULL DEFAULT false,
  -- Whose turn was longest ago is next.
  planned_at timestamptz,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (request_id, topic, listing)
);
CREATE INDEX reprocess_part_open ON reprocess_part (topic, planned_at) WHERE NOT done;

ALTER TABLE batch DROP CONSTRAINT IF EXISTS batch_kind;
ALTER TABLE batch ADD CONSTRAINT batch_kind
  CHECK (kind IN ('live', 'replay', 'reread', 'retype', 'prune', 'fan-out', 'reprocess', 'migration'));
ALTER TABLE batch ADD COLUMN reprocess_request_id bigint REFERENCES reprocess_request (id);
CREATE INDEX batch_of_request ON batch (reprocess_request_id) WHERE reprocess_request_id IS NOT NULL;

-- Months of lake tables that a request's pages have changed; null: any month may have changed.
CREATE TABLE reprocess_month (
  request_id bigint NOT NULL REFERENCES reprocess_request (id),
  table_id bigint NOT NULL REFERENCES lake_table (id),
  month date
);
CREATE UNIQUE INDEX reprocess_month_key
  ON reprocess_month (request_id, table_id, (coalesce(month, '-infinity'::date)));
