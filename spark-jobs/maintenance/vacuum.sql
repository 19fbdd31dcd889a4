-- Deletes the files that no version of the last hours needs: those that a commit removed, and those that a writer which
-- died has left. The log then tells how many. Safe to re-run.
SET spark.databricks.delta.commitInfo.userMetadata={{metadata}}
;
SET spark.databricks.delta.vacuum.logging.enabled=true
;
-- Delta lists a table by ten thousand tasks unless told otherwise: 78 seconds for 21 files, against 2.
SET spark.sql.sources.parallelPartitionDiscovery.parallelism=8
;
SET spark.databricks.delta.vacuum.parallelDelete.enabled=true
;
SET spark.databricks.delta.vacuum.parallelDelete.parallelism=8
;
VACUUM delta.{{path}} RETAIN {{hours}} HOURS
;
