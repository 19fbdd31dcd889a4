-- Makes the table, by its path as every write is: what the metastore says of a name never directs a write. Writes
-- nothing when it is there; safe to re-run.
CREATE TABLE IF NOT EXISTS delta.{{path}} (
  {{columns}}
) USING delta
{{partitioning}}
TBLPROPERTIES ({{properties}})
;
