-- Records that a person has asked to be read from HQ again, and backfills of whole domains.
CREATE TABLE reprocess_request (
  id bigserial PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('reprocess', 'migration')),
  domain text NOT NULL,
  scope jsonb NOT NULL,
  reaggregate boolean NOT NULL DEFAULT false,
  reason text,
  requested_by text NOT NULL,
  idempotency_key text UNIQUE,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
  records bigint NOT NULL DEFAULT 0,
  estimated bigint,
  failure_code text,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
ALTER TABLE batch ADD COLUMN reprocess_request_id bigint REFERENCES reprocess_request (id);
