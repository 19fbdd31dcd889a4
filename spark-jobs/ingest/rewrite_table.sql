-- Raises columns to a list, or gives them their declared types, in one atomic commit: readers see the table as it was, or as it will be. History, older
-- versions and transaction numbers stay. Safe to re-run: the second time the transaction number makes it do nothing.
SET spark.databricks.delta.write.txnAppId={{app_id}}
;
SET spark.databricks.delta.write.txnVersion={{txn_version}}
;
-- All rows pass here, however few the batch has: compiled code pays, which small drivers do without.
SET spark.sql.codegen.wholeStage=true
;
SET spark.sql.codegen.factoryMode=FALLBACK
;
CREATE OR REPLACE TABLE delta.{{path}} USING delta
{{partitioning}}
TBLPROPERTIES ({{properties}})
AS {{source}}
;
RESET spark.sql.codegen.wholeStage
;
RESET spark.sql.codegen.factoryMode
;
