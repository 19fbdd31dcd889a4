-- A page is a batch of ids that no message asked for: records set aside that are tried again (`replay`), rows refused
-- as older that are read once more (`reread`). It has a manifest and a sequence like any batch, but no offset ranges.
ALTER TABLE batch ADD CONSTRAINT batch_kind CHECK (kind IN ('live', 'replay', 'reread'));

-- The newest revision ever staged of the record for the table: an upsert that comes with an older one will be refused
-- by the MERGE. Null: not known (staged before this column was there), or a delete was staged since.
ALTER TABLE record_place ADD COLUMN rev timestamptz;

-- The batch that has looked at the record again; it stands in the lake then, is gone from HQ, or is set aside anew.
ALTER TABLE quarantine ADD COLUMN replayed_by bigint REFERENCES batch (id);
CREATE INDEX quarantine_open ON quarantine (kind, domain, record_id) WHERE state = 'open';
