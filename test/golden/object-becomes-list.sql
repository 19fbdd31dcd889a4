-- Lane 7 of batch 3: commcarehq_demo.raw_visit_form
SET spark.databricks.delta.commitInfo.userMetadata={"lane":"7","run":"run-2-x1-1","batch":"3"}
;
-- Gives the table its name, for readers (schema and properties come from the log). Safe to re-run.
CREATE DATABASE IF NOT EXISTS `commcarehq_demo`
;
CREATE TABLE IF NOT EXISTS `commcarehq_demo`.`raw_visit_form` USING delta LOCATION 'file:///lake/commcare/demo/raw_visit_form'
;
-- Raises columns to a list, or gives them their declared types, in one atomic commit: readers see the table as it was, or as it will be. History, older
-- versions and transaction numbers stay. Safe to re-run: the second time the transaction number makes it do nothing.
SET spark.databricks.delta.write.txnAppId=dl/00000000-0000-0000-0000-000000000000
;
SET spark.databricks.delta.write.txnVersion=131136
;
-- All rows pass here, however few the batch has: compiled code pays, which small drivers do without.
SET spark.sql.codegen.wholeStage=true
;
SET spark.sql.codegen.factoryMode=FALLBACK
;
CREATE OR REPLACE TABLE delta.`file:///lake/commcare/demo/raw_visit_form` USING delta
PARTITIONED BY (`month`)
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev')
AS SELECT
  t.`_id`,
  t.`doc_type`,
  t.`domain`,
  t.`app_id`,
  t.`build_id`,
  t.`xmlns`,
  t.`user_id`,
  t.`orig_id`,
  t.`deprecated_form_id`,
  t.`server_modified_on`,
  t.`received_on`,
  t.`edited_on`,
  t.`partial_submission`,
  t.`submit_ip`,
  t.`last_sync_token`,
  t.`problem`,
  t.`date_header`,
  t.`state`,
  t.`initial_processing_complete`,
  t.`auth_context`,
  t.`openrosa_headers`,
  t.`location_id`,
  t.`state_id`,
  t.`district_id`,
  t.`month`,
  t.`_rev`,
  t.`_batch`,
  CASE WHEN t.`form__child` IS NOT NULL OR t.`form__child__name` IS NOT NULL OR t.`form__child__@id` IS NOT NULL OR t.`form__child__toys` IS NOT NULL THEN array(named_struct('name', t.`form__child__name`, '@id', t.`form__child__@id`, 'toys', transform(t.`form__child__toys`, `e4` -> CASE WHEN `e4` IS NOT NULL THEN `e4` END), '#text', t.`form__child`)) END AS `form__child`
FROM delta.`file:///lake/commcare/demo/raw_visit_form` AS t
;
RESET spark.sql.codegen.wholeStage
;
RESET spark.sql.codegen.factoryMode
;
-- Merges the staged records. An older revision never overwrites a newer one (equal is allowed); a delete is
-- unconditional, because batches merge in sequence order. Without WHEN MATCHED all records are new to the table. Source:
-- one row per id. Safe to re-run by its number.
SET spark.databricks.delta.write.txnAppId=dl/00000000-0000-0000-0000-000000000000
;
SET spark.databricks.delta.write.txnVersion=131137
;
CREATE OR REPLACE TEMPORARY VIEW staged (
  `op` STRING,
  `_id` STRING,
  `doc_type` STRING,
  `domain` STRING,
  `app_id` STRING,
  `build_id` STRING,
  `xmlns` STRING,
  `user_id` STRING,
  `orig_id` STRING,
  `deprecated_form_id` STRING,
  `server_modified_on` STRING,
  `received_on` STRING,
  `edited_on` STRING,
  `partial_submission` STRING,
  `submit_ip` STRING,
  `last_sync_token` STRING,
  `problem` STRING,
  `date_header` STRING,
  `state` STRING,
  `initial_processing_complete` STRING,
  `auth_context` STRING,
  `openrosa_headers` STRING,
  `location_id` STRING,
  `state_id` STRING,
  `district_id` STRING,
  `month` STRING,
  `_rev` STRING,
  `c0` ARRAY<STRUCT<`t`: STRING, `f0`: STRING, `f1`: STRING>>
) USING json OPTIONS (path 'file:///checkpoint/runs/2-x1/staging/5', mode 'FAILFAST')
;
MERGE INTO delta.`file:///lake/commcare/demo/raw_visit_form` AS t
USING (
  SELECT
    s.`op` AS `__op`,
    s.`_id` AS `_id`,
  s.`doc_type` AS `doc_type`,
  s.`domain` AS `domain`,
  s.`app_id` AS `app_id`,
  s.`build_id` AS `build_id`,
  s.`xmlns` AS `xmlns`,
  s.`user_id` AS `user_id`,
  s.`orig_id` AS `orig_id`,
  s.`deprecated_form_id` AS `deprecated_form_id`,
  CAST(s.`server_modified_on` AS TIMESTAMP) AS `server_modified_on`,
  CAST(s.`received_on` AS TIMESTAMP) AS `received_on`,
  CAST(s.`edited_on` AS TIMESTAMP) AS `edited_on`,
  CAST(s.`partial_submission` AS BOOLEAN) AS `partial_submission`,
  s.`submit_ip` AS `submit_ip`,
  s.`last_sync_token` AS `last_sync_token`,
  s.`problem` AS `problem`,
  CAST(s.`date_header` AS TIMESTAMP) AS `date_header`,
  CAST(s.`state` AS INT) AS `state`,
  CAST(s.`initial_processing_complete` AS BOOLEAN) AS `initial_processing_complete`,
  s.`auth_context` AS `auth_context`,
  s.`openrosa_headers` AS `openrosa_headers`,
  s.`location_id` AS `location_id`,
  s.`state_id` AS `state_id`,
  s.`district_id` AS `district_id`,
  CAST(s.`month` AS DATE) AS `month`,
  CAST(s.`_rev` AS TIMESTAMP) AS `_rev`,
  CAST(3 AS BIGINT) AS `_batch`,
  transform(s.`c0`, `e2` -> CASE WHEN `e2` IS NOT NULL THEN named_struct('name', `e2`.`f0`, '@id', CAST(NULL AS STRING), 'toys', CASE WHEN `e2`.`f1` IS NOT NULL THEN array(`e2`.`f1`) END, '#text', `e2`.`t`) END) AS `form__child`
  FROM staged AS s
) AS s
ON t.`_id` = s.`_id`
WHEN MATCHED AND s.`__op` = 'delete' THEN DELETE
WHEN MATCHED AND s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`) THEN UPDATE SET
  t.`_id` = s.`_id`,
  t.`doc_type` = s.`doc_type`,
  t.`domain` = s.`domain`,
  t.`app_id` = s.`app_id`,
  t.`build_id` = s.`build_id`,
  t.`xmlns` = s.`xmlns`,
  t.`user_id` = s.`user_id`,
  t.`orig_id` = s.`orig_id`,
  t.`deprecated_form_id` = s.`deprecated_form_id`,
  t.`server_modified_on` = s.`server_modified_on`,
  t.`received_on` = s.`received_on`,
  t.`edited_on` = s.`edited_on`,
  t.`partial_submission` = s.`partial_submission`,
  t.`submit_ip` = s.`submit_ip`,
  t.`last_sync_token` = s.`last_sync_token`,
  t.`problem` = s.`problem`,
  t.`date_header` = s.`date_header`,
  t.`state` = s.`state`,
  t.`initial_processing_complete` = s.`initial_processing_complete`,
  t.`auth_context` = s.`auth_context`,
  t.`openrosa_headers` = s.`openrosa_headers`,
  t.`location_id` = s.`location_id`,
  t.`state_id` = s.`state_id`,
  t.`district_id` = s.`district_id`,
  t.`month` = s.`month`,
  t.`_rev` = s.`_rev`,
  t.`_batch` = s.`_batch`,
  t.`form__child` = s.`form__child`
WHEN NOT MATCHED AND s.`__op` = 'upsert' THEN INSERT (
  `_id`,
  `doc_type`,
  `domain`,
  `app_id`,
  `build_id`,
  `xmlns`,
  `user_id`,
  `orig_id`,
  `deprecated_form_id`,
  `server_modified_on`,
  `received_on`,
  `edited_on`,
  `partial_submission`,
  `submit_ip`,
  `last_sync_token`,
  `problem`,
  `date_header`,
  `state`,
  `initial_processing_complete`,
  `auth_context`,
  `openrosa_headers`,
  `location_id`,
  `state_id`,
  `district_id`,
  `month`,
  `_rev`,
  `_batch`,
  `form__child`
) VALUES (
  s.`_id`,
  s.`doc_type`,
  s.`domain`,
  s.`app_id`,
  s.`build_id`,
  s.`xmlns`,
  s.`user_id`,
  s.`orig_id`,
  s.`deprecated_form_id`,
  s.`server_modified_on`,
  s.`received_on`,
  s.`edited_on`,
  s.`partial_submission`,
  s.`submit_ip`,
  s.`last_sync_token`,
  s.`problem`,
  s.`date_header`,
  s.`state`,
  s.`initial_processing_complete`,
  s.`auth_context`,
  s.`openrosa_headers`,
  s.`location_id`,
  s.`state_id`,
  s.`district_id`,
  s.`month`,
  s.`_rev`,
  s.`_batch`,
  s.`form__child`
)
;
