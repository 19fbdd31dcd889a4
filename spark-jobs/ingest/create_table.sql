-- Makes the table, or registers it again over its folder. Writes nothing when it is there; safe to re-run.
CREATE DATABASE IF NOT EXISTS {{database}}
;
CREATE TABLE IF NOT EXISTS {{table}} (
  {{columns}}
) USING delta
LOCATION {{location}}
{{partitioning}}
TBLPROPERTIES ({{properties}})
;
