-- Where the metastore was last told that the table's files are; null: not told yet. When it is not where the lake is
-- (the lake was moved, or is a new one beside an old metastore), the table's next lane tells it anew.
ALTER TABLE lake_table ADD COLUMN registered_url text;
