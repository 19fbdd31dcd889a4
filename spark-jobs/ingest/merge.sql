-- Merges the staged records. An older revision never overwrites a newer one (equal is allowed); a delete is
-- unconditional, because batches merge in sequence order. Source: one row per id. Safe to re-run by its number.
SET spark.databricks.delta.write.txnAppId={{app_id}}
;
SET spark.databricks.delta.write.txnVersion={{txn_version}}
;
CREATE OR REPLACE TEMPORARY VIEW staged (
  {{staged_columns}}
) USING json OPTIONS (path {{staging}}, mode 'FAILFAST')
;
MERGE INTO delta.{{path}} AS t
USING (
  {{source}}
) AS s
ON t.`_id` = s.`_id`
WHEN MATCHED AND s.`__op` = 'delete' THEN DELETE
WHEN MATCHED AND s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`) THEN UPDATE SET
  {{updates}}
WHEN NOT MATCHED AND s.`__op` = 'upsert' THEN INSERT (
  {{insert_columns}}
) VALUES (
  {{insert_values}}
)
;
