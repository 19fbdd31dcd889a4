-- Rewrites the small files of some partitions into few, and those with many deleted rows without them, in one commit that
-- changes no row. Fails without a trace when another writer was first. Safe to re-run: what is compact stays as it is.
SET spark.databricks.delta.commitInfo.userMetadata={{metadata}}
;
SET spark.databricks.delta.optimize.maxFileSize={{max_file_bytes}}
;
SET spark.databricks.delta.optimize.minFileSize={{min_file_bytes}}
;
SET spark.databricks.delta.optimize.maxDeletedRowsRatio={{deleted_share}}
;
-- Files written side by side; each takes memory of its own.
SET spark.databricks.delta.optimize.maxThreads=2
;
OPTIMIZE delta.{{path}}{{where}}
;
