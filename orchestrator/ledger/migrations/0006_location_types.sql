-- HQ announces an edited location type nowhere, so its types are polled (decision 0016). What they were at the last look;
-- a type that is other now, or new, or gone, has its locations read again by pages of kind `fan-out`.
CREATE TABLE location_type_seen (
  domain text NOT NULL,
  type_id bigint NOT NULL,
  name text NOT NULL,
  code text,
  parent_type_id bigint,
  last_modified text NOT NULL,
  PRIMARY KEY (domain, type_id)
);

-- Domains whose types have been looked at (a domain may have none), and what is still to be planned of them. Written with
-- the types above in one transaction, moved on with each page that is planned: a crash loses nothing.
CREATE TABLE location_type_look (
  domain text PRIMARY KEY,
  -- Changed types, those of upper levels first.
  type_ids bigint[] NOT NULL DEFAULT '{}',
  -- Their locations up to this id of HQ's are planned.
  planned_until bigint NOT NULL DEFAULT 0,
  -- A type has gone and may have taken its locations along: those we know up to this id have been looked for; null: none has.
  sought_until text
);

-- All kinds there are, whichever migration came first.
ALTER TABLE batch DROP CONSTRAINT IF EXISTS batch_kind;
ALTER TABLE batch ADD CONSTRAINT batch_kind
  CHECK (kind IN ('live', 'replay', 'reread', 'retype', 'prune', 'fan-out', 'reprocess'));
