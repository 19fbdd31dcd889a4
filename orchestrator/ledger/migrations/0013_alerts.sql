-- Alerts: what needs a person, told once when it begins and once when it is over. What counts as such is worked out anew
-- from the ledger at every look (orchestrator/alerts/); kept here are the rules, what stands, and what the webhook was told.

CREATE TABLE alert_rule (
  kind text PRIMARY KEY,
  enabled boolean NOT NULL DEFAULT true,
  -- Messages (lag), seconds (freshness), per cent used (disk); null: the kind knows no limit.
  threshold double precision,
  changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO alert_rule (kind, threshold) VALUES
  ('topic_halted', NULL),
  ('table_halted', NULL),
  ('lag', 100000),
  ('freshness', 3600),
  ('aggregation_failed', NULL),
  ('audit_failed', NULL),
  ('disk', 90);

CREATE TABLE alert (
  id bigserial PRIMARY KEY,
  kind text NOT NULL REFERENCES alert_rule (kind),
  -- The topic, table, month or folder it is about.
  subject text NOT NULL,
  -- Ids and counts, never record content.
  text text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  -- Seen, but not for long enough to tell anybody: what passes by itself wakes nobody.
  pending boolean NOT NULL,
  -- Not seen any more since then. It is over when it stays so for a while: what comes and goes is one alert.
  clear_since timestamptz,
  ended_at timestamptz
);
CREATE UNIQUE INDEX alert_open ON alert (kind, subject) WHERE ended_at IS NULL;
CREATE INDEX alert_ended ON alert (ended_at) WHERE ended_at IS NOT NULL;

-- What the webhook is to be told. Noted as delivered after its answer, so a crash between tells it twice, never not at all.
CREATE TABLE alert_delivery (
  alert_id bigint NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
  state text NOT NULL CHECK (state IN ('open', 'closed')),
  created_at timestamptz NOT NULL DEFAULT now(),
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  -- Status or network code, never the URL: it may hold a secret.
  error text,
  PRIMARY KEY (alert_id, state)
);
CREATE INDEX alert_delivery_due ON alert_delivery (next_attempt_at) WHERE delivered_at IS NULL;
