-- Lane 7 of batch 3: commcarehq_demo.raw_child_care_case
SET spark.databricks.delta.commitInfo.userMetadata={"lane":"7","run":"run-2-x1-1","batch":"3"}
;
-- Makes the table, by its path as every write is: what the metastore says of a name never directs a write. Writes
-- nothing when it is there; safe to re-run.
CREATE TABLE IF NOT EXISTS delta.`file:///lake/commcare/demo/raw_child_care_case` (
  `_id` STRING,
  `doc_type` STRING,
  `domain` STRING,
  `type` STRING,
  `name` STRING,
  `owner_id` STRING,
  `user_id` STRING,
  `modified_by` STRING,
  `opened_on` TIMESTAMP,
  `opened_by` STRING,
  `modified_on` TIMESTAMP,
  `server_modified_on` TIMESTAMP,
  `closed` BOOLEAN,
  `closed_on` TIMESTAMP,
  `closed_by` STRING,
  `external_id` STRING,
  `supply_point_location_id` STRING,
  `location_id` STRING,
  `state_id` STRING,
  `district_id` STRING,
  `indices` ARRAY<STRUCT<`identifier`: STRING, `referenced_id`: STRING, `referenced_type`: STRING, `relationship`: STRING>>,
  `month` DATE,
  `_rev` TIMESTAMP,
  `_batch` BIGINT,
  `case_json__dob` STRING,
  `case_json__address__village` STRING,
  `case_json__visits` ARRAY<STRING>,
  `case_json__DOB__25a11a73` STRING
) USING delta
PARTITIONED BY (`month`)
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev')
;
-- Gives the table its name, for readers (schema and properties come from the log). Safe to re-run.
CREATE DATABASE IF NOT EXISTS `commcarehq_demo`
;
CREATE TABLE IF NOT EXISTS `commcarehq_demo`.`raw_child_care_case` USING delta LOCATION 'file:///lake/commcare/demo/raw_child_care_case'
;
-- The name may still be that of a table elsewhere (an older lake's). Safe to re-run.
SET spark.databricks.delta.alterLocation.bypassSchemaCheck=true
;
ALTER TABLE `commcarehq_demo`.`raw_child_care_case` SET LOCATION 'file:///lake/commcare/demo/raw_child_care_case'
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
  `c0` STRING,
  `c1` STRING,
  `c2` ARRAY<STRUCT<`t`: STRING>>,
  `c3` STRING
) USING json OPTIONS (path 'file:///checkpoint/runs/2-x1/staging/5', mode 'FAILFAST')
;
MERGE INTO delta.`file:///lake/commcare/demo/raw_child_care_case` AS t
USING (
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
  s.`c0` AS `case_json__dob`,
  s.`c1` AS `case_json__address__village`,
  transform(s.`c2`, `e2` -> CASE WHEN `e2` IS NOT NULL THEN `e2`.`t` END) AS `case_json__visits`,
  s.`c3` AS `case_json__DOB__25a11a73`
  FROM staged AS s
) AS s
ON t.`_id` = s.`_id`
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
  `case_json__dob`,
  `case_json__address__village`,
  `case_json__visits`,
  `case_json__DOB__25a11a73`
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
  s.`case_json__dob`,
  s.`case_json__address__village`,
  s.`case_json__visits`,
  s.`case_json__DOB__25a11a73`
)
;
