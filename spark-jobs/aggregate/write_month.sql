-- Replaces the month in one atomic commit: readers see the old rows or the new ones. By name; a column that the model no
-- longer has is null. Safe to re-run: the second time the transaction number makes it do nothing.
SET spark.databricks.delta.write.txnAppId={{app_id}}
;
SET spark.databricks.delta.write.txnVersion={{txn_version}}
;
INSERT INTO delta.{{path}} BY NAME REPLACE WHERE {{where}}
SELECT
  {{select}}
FROM (
{{model}}
) AS m
;
