-- Merges the staged records. An older revision never overwrites a newer one (equal is allowed); a delete is
-- unconditional, because batches merge in sequence order. Without WHEN MATCHED all records are new to the table. Source:
-- one row per id. Safe to re-run by its number.
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
{{matched}}WHEN NOT MATCHED AND s.`__op` = 'upsert' THEN INSERT (
  {{insert_columns}}
) VALUES (
  {{insert_values}}
)
;
