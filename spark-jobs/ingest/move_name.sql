-- The name may still be that of a table elsewhere (an older lake's). Safe to re-run.
SET spark.databricks.delta.alterLocation.bypassSchemaCheck=true
;
ALTER TABLE {{table}} SET LOCATION {{location}}
;
