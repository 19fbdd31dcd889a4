-- A page of kind `reprocess` was asked for by a person: records of a table read again, under the configuration that is
-- active when the page is planned.
ALTER TABLE batch DROP CONSTRAINT IF EXISTS batch_kind;
ALTER TABLE batch ADD CONSTRAINT batch_kind
  CHECK (kind IN ('live', 'replay', 'reread', 'retype', 'prune', 'fan-out', 'reprocess'));

-- The hooks of a configuration, path in lake.yaml → text: a batch is staged with the text it was planned with, whatever
-- became of the file. Who may write this table can have code run by the control plane, as with lake.yaml itself.
ALTER TABLE config_version ADD COLUMN hooks jsonb NOT NULL DEFAULT '{}';
-- Tells the key of hashes from another one without telling it; null: nothing is hashed.
ALTER TABLE config_version ADD COLUMN hash_key_check text;

-- Renamed and derived columns of the table as they are now; changes only together with a merged lane, like `shape`.
ALTER TABLE lake_table ADD COLUMN made jsonb NOT NULL DEFAULT '{}';
ALTER TABLE schema_change DROP CONSTRAINT schema_change_change_check;
ALTER TABLE schema_change ADD CONSTRAINT schema_change_change_check
  CHECK (change IN ('added', 'list', 'type', 'renamed', 'derived', 'dropped'));
