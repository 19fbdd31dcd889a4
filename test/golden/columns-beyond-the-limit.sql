-- Lane 7 of batch 3: commcarehq_demo.raw_member_case
SET spark.databricks.delta.commitInfo.userMetadata={"lane":"7","run":"run-2-x1-1","batch":"3"}
;
-- Gives the table its name, for readers (schema and properties come from the log). Safe to re-run.
CREATE DATABASE IF NOT EXISTS `commcarehq_demo`
;
CREATE TABLE IF NOT EXISTS `commcarehq_demo`.`raw_member_case` USING delta LOCATION 'file:///lake/commcare/demo/raw_member_case'
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
CREATE OR REPLACE TABLE delta.`file:///lake/commcare/demo/raw_member_case` USING delta
PARTITIONED BY (`month`)
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev')
AS SELECT
    r.`_id`,
  r.`doc_type`,
  r.`domain`,
  r.`type`,
  r.`name`,
  r.`owner_id`,
  r.`user_id`,
  r.`modified_by`,
  r.`opened_on`,
  r.`opened_by`,
  r.`modified_on`,
  r.`server_modified_on`,
  r.`closed`,
  r.`closed_on`,
  r.`closed_by`,
  r.`external_id`,
  r.`supply_point_location_id`,
  r.`location_id`,
  r.`state_id`,
  r.`district_id`,
  r.`indices`,
  r.`month`,
  r.`_rev`,
  r.`_batch`,
  r.`_overflow`,
  r.`case_json__phone` AS `case_json__phone`,
  transform(r.`case_json__visits`, `e0` -> CASE WHEN `e0` IS NOT NULL THEN named_struct('on', CASE WHEN `e0`.`on` RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z' THEN try_cast(`e0`.`on` AS DATE) END) END) AS `case_json__visits`,
  r.`case_json__village` AS `case_json__village`,
  transform(array(filter(coalesce(flatten(transform(r.`case_json__visits`, (`e0`, `i0`) -> array(named_struct('key', concat(concat('case_json__visits', '[', CAST(`i0` AS STRING), ']'), '.on'), 'value', CASE WHEN CASE WHEN `e0`.`on` RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z' THEN try_cast(`e0`.`on` AS DATE) END IS NULL THEN `e0`.`on` END)))), CAST(array() AS ARRAY<STRUCT<key: STRING, value: STRING>>)), e -> e.value IS NOT NULL)), e -> CASE WHEN size(e) > 0 THEN map_from_entries(e) END)[0] AS `_rescued`
  FROM (
  SELECT
  t.`_id`,
  t.`doc_type`,
  t.`domain`,
  t.`type`,
  t.`name`,
  t.`owner_id`,
  t.`user_id`,
  t.`modified_by`,
  t.`opened_on`,
  t.`opened_by`,
  t.`modified_on`,
  t.`server_modified_on`,
  t.`closed`,
  t.`closed_on`,
  t.`closed_by`,
  t.`external_id`,
  t.`supply_point_location_id`,
  t.`location_id`,
  t.`state_id`,
  t.`district_id`,
  t.`indices`,
  t.`month`,
  t.`_rev`,
  t.`_batch`,
  t.`_overflow`,
  CASE WHEN t.`case_json__phone` IS NOT NULL THEN array(t.`case_json__phone`) END AS `case_json__phone`,
  transform(t.`case_json__visits`, `e2` -> CASE WHEN `e2` IS NOT NULL THEN named_struct('on', `e2`.`on`) END) AS `case_json__visits`,
  t.`case_json__village` AS `case_json__village`
FROM delta.`file:///lake/commcare/demo/raw_member_case` AS t
  ) AS r
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
  `type` STRING,
  `name` STRING,
  `owner_id` STRING,
  `user_id` STRING,
  `modified_by` STRING,
  `opened_on` STRING,
  `opened_by` STRING,
  `modified_on` STRING,
  `server_modified_on` STRING,
  `closed` STRING,
  `closed_on` STRING,
  `closed_by` STRING,
  `external_id` STRING,
  `supply_point_location_id` STRING,
  `location_id` STRING,
  `state_id` STRING,
  `district_id` STRING,
  `indices` ARRAY<STRUCT<`identifier`: STRING, `referenced_id`: STRING, `referenced_type`: STRING, `relationship`: STRING>>,
  `month` STRING,
  `_rev` STRING,
  `c0` ARRAY<STRUCT<`t`: STRING>>,
  `c1` ARRAY<STRUCT<`t`: STRING, `f0`: STRING, `f1`: STRING>>,
  `over` ARRAY<STRUCT<key: STRING, value: STRING>>
) USING json OPTIONS (path 'file:///checkpoint/runs/2-x1/staging/5', mode 'FAILFAST')
;
MERGE INTO delta.`file:///lake/commcare/demo/raw_member_case` AS t
USING (
  SELECT
    r.`__op`,
  r.`_id`,
  r.`doc_type`,
  r.`domain`,
  r.`type`,
  r.`name`,
  r.`owner_id`,
  r.`user_id`,
  r.`modified_by`,
  r.`opened_on`,
  r.`opened_by`,
  r.`modified_on`,
  r.`server_modified_on`,
  r.`closed`,
  r.`closed_on`,
  r.`closed_by`,
  r.`external_id`,
  r.`supply_point_location_id`,
  r.`location_id`,
  r.`state_id`,
  r.`district_id`,
  r.`indices`,
  r.`month`,
  r.`_rev`,
  r.`_batch`,
  r.`_overflow`,
  r.`case_json__phone` AS `case_json__phone`,
  transform(r.`case_json__visits`, `e0` -> CASE WHEN `e0` IS NOT NULL THEN named_struct('on', CASE WHEN `e0`.`on` RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z' THEN try_cast(`e0`.`on` AS DATE) END) END) AS `case_json__visits`,
  r.`case_json__village` AS `case_json__village`,
  transform(array(filter(coalesce(flatten(transform(r.`case_json__visits`, (`e0`, `i0`) -> array(named_struct('key', concat(concat('case_json__visits', '[', CAST(`i0` AS STRING), ']'), '.on'), 'value', CASE WHEN CASE WHEN `e0`.`on` RLIKE '^[0-9]{4}-[0-9]{2}-[0-9]{2}\\z' THEN try_cast(`e0`.`on` AS DATE) END IS NULL THEN `e0`.`on` END)))), CAST(array() AS ARRAY<STRUCT<key: STRING, value: STRING>>)), e -> e.value IS NOT NULL)), e -> CASE WHEN size(e) > 0 THEN map_from_entries(e) END)[0] AS `_rescued`
  FROM (
  SELECT
    s.`op` AS `__op`,
    s.`_id` AS `_id`,
  s.`doc_type` AS `doc_type`,
  s.`domain` AS `domain`,
  s.`type` AS `type`,
  s.`name` AS `name`,
  s.`owner_id` AS `owner_id`,
  s.`user_id` AS `user_id`,
  s.`modified_by` AS `modified_by`,
  CAST(s.`opened_on` AS TIMESTAMP) AS `opened_on`,
  s.`opened_by` AS `opened_by`,
  CAST(s.`modified_on` AS TIMESTAMP) AS `modified_on`,
  CAST(s.`server_modified_on` AS TIMESTAMP) AS `server_modified_on`,
  CAST(s.`closed` AS BOOLEAN) AS `closed`,
  CAST(s.`closed_on` AS TIMESTAMP) AS `closed_on`,
  s.`closed_by` AS `closed_by`,
  s.`external_id` AS `external_id`,
  s.`supply_point_location_id` AS `supply_point_location_id`,
  s.`location_id` AS `location_id`,
  s.`state_id` AS `state_id`,
  s.`district_id` AS `district_id`,
  s.`indices` AS `indices`,
  CAST(s.`month` AS DATE) AS `month`,
  CAST(s.`_rev` AS TIMESTAMP) AS `_rev`,
  CAST(3 AS BIGINT) AS `_batch`,
  transform(array(filter(concat(coalesce(s.`over`, CAST(array() AS ARRAY<STRUCT<key: STRING, value: STRING>>)), coalesce(flatten(transform(s.`c1`, (`e0`, `i0`) -> array(named_struct('key', concat(concat('case_json__visits', '[', CAST(`i0` AS STRING), ']'), '.by'), 'value', `e0`.`f1`)))), CAST(array() AS ARRAY<STRUCT<key: STRING, value: STRING>>))), e -> e.value IS NOT NULL)), e -> CASE WHEN size(e) > 0 THEN map_from_entries(e) END)[0] AS `_overflow`,
  transform(s.`c0`, `e2` -> CASE WHEN `e2` IS NOT NULL THEN `e2`.`t` END) AS `case_json__phone`,
  transform(s.`c1`, `e2` -> CASE WHEN `e2`.`f0` IS NOT NULL THEN named_struct('on', `e2`.`f0`) END) AS `case_json__visits`,
  CAST(NULL AS STRING) AS `case_json__village`
  FROM staged AS s
  ) AS r
) AS s
ON t.`_id` = s.`_id`
WHEN MATCHED AND s.`__op` = 'delete' THEN DELETE
WHEN MATCHED AND s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`) THEN UPDATE SET
  t.`_id` = s.`_id`,
  t.`doc_type` = s.`doc_type`,
  t.`domain` = s.`domain`,
  t.`type` = s.`type`,
  t.`name` = s.`name`,
  t.`owner_id` = s.`owner_id`,
  t.`user_id` = s.`user_id`,
  t.`modified_by` = s.`modified_by`,
  t.`opened_on` = s.`opened_on`,
  t.`opened_by` = s.`opened_by`,
  t.`modified_on` = s.`modified_on`,
  t.`server_modified_on` = s.`server_modified_on`,
  t.`closed` = s.`closed`,
  t.`closed_on` = s.`closed_on`,
  t.`closed_by` = s.`closed_by`,
  t.`external_id` = s.`external_id`,
  t.`supply_point_location_id` = s.`supply_point_location_id`,
  t.`location_id` = s.`location_id`,
  t.`state_id` = s.`state_id`,
  t.`district_id` = s.`district_id`,
  t.`indices` = s.`indices`,
  t.`month` = s.`month`,
  t.`_rev` = s.`_rev`,
  t.`_batch` = s.`_batch`,
  t.`_overflow` = s.`_overflow`,
  t.`_rescued` = s.`_rescued`,
  t.`case_json__phone` = s.`case_json__phone`,
  t.`case_json__visits` = s.`case_json__visits`,
  t.`case_json__village` = s.`case_json__village`
WHEN NOT MATCHED AND s.`__op` = 'upsert' THEN INSERT (
  `_id`,
  `doc_type`,
  `domain`,
  `type`,
  `name`,
  `owner_id`,
  `user_id`,
  `modified_by`,
  `opened_on`,
  `opened_by`,
  `modified_on`,
  `server_modified_on`,
  `closed`,
  `closed_on`,
  `closed_by`,
  `external_id`,
  `supply_point_location_id`,
  `location_id`,
  `state_id`,
  `district_id`,
  `indices`,
  `month`,
  `_rev`,
  `_batch`,
  `_overflow`,
  `_rescued`,
  `case_json__phone`,
  `case_json__visits`,
  `case_json__village`
) VALUES (
  s.`_id`,
  s.`doc_type`,
  s.`domain`,
  s.`type`,
  s.`name`,
  s.`owner_id`,
  s.`user_id`,
  s.`modified_by`,
  s.`opened_on`,
  s.`opened_by`,
  s.`modified_on`,
  s.`server_modified_on`,
  s.`closed`,
  s.`closed_on`,
  s.`closed_by`,
  s.`external_id`,
  s.`supply_point_location_id`,
  s.`location_id`,
  s.`state_id`,
  s.`district_id`,
  s.`indices`,
  s.`month`,
  s.`_rev`,
  s.`_batch`,
  s.`_overflow`,
  s.`_rescued`,
  s.`case_json__phone`,
  s.`case_json__visits`,
  s.`case_json__village`
)
;
