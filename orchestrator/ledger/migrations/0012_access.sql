-- Who may ask the API, who is logged in, and what was done by whom.

-- A token is shown once, when it is made. It is 32 random bytes, so that its plain SHA-256 can't be turned back: the slow,
-- salted hashes are for passwords, which people choose. A revoked one stays, for the audit log speaks of it by its name.
CREATE TABLE api_token (
  name text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  secret_sha256 bytea NOT NULL UNIQUE,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- To the minute.
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

-- A browser that was given a cookie for a token. It ends with the token, after hours unused, and at the latest at `expires_at`.
CREATE TABLE api_session (
  secret_sha256 bytea PRIMARY KEY,
  token_name text NOT NULL REFERENCES api_token (name),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- To the minute.
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX api_session_end ON api_session (expires_at);

-- Every act: written before it is done (`begun`), and again with what came of it. Refused ones stand here too.
CREATE TABLE audit_log (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- Name of the token, or who is known of somebody without one.
  who text NOT NULL,
  role text NOT NULL,
  action text NOT NULL,
  target text,
  reason text,
  outcome text NOT NULL,
  address text
);
CREATE INDEX audit_log_who ON audit_log (who, id);
CREATE INDEX audit_log_action ON audit_log (action, id);

-- How fast a topic went in the last hour, and its newest commit, are asked on every look.
CREATE INDEX batch_by_commit ON batch (topic, committed_at) WHERE committed_at IS NOT NULL;
CREATE INDEX quarantine_newest ON quarantine (id) WHERE state = 'open';
