-- Lane 7 of batch 3: commcarehq_demo.raw_location
SET spark.databricks.delta.commitInfo.userMetadata={"lane":"7","run":"run-2-x1-1","batch":"3"}
;
-- Makes the table, by its path as every write is: what the metastore says of a name never directs a write. Writes
-- nothing when it is there; safe to re-run.
CREATE TABLE IF NOT EXISTS delta.`file:///lake/commcare/demo/raw_location` (
  `_id` STRING,
  `domain` STRING,
  `name` STRING,
  `site_code` STRING,
  `location_type` STRING,
  `location_type_code` STRING,
  `location_level` INT,
  `external_id` STRING,
  `is_archived` BOOLEAN,
  `archived_on` TIMESTAMP,
  `last_modified` TIMESTAMP,
  `created_at` TIMESTAMP,
  `latitude` DOUBLE,
  `longitude` DOUBLE,
  `parent_location_id` STRING,
  `state_id` STRING,
  `state_name` STRING,
  `state_site_code` STRING,
  `state_latitude` DOUBLE,
  `state_longitude` DOUBLE,
  `state_is_archived` BOOLEAN,
  `district_id` STRING,
  `district_name` STRING,
  `district_site_code` STRING,
  `district_latitude` DOUBLE,
  `district_longitude` DOUBLE,
  `district_is_archived` BOOLEAN,
  `_rev` TIMESTAMP,
  `_batch` BIGINT,
  `metadata__population` STRING
) USING delta

TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev')
;
-- Gives the table its name, for readers (schema and properties come from the log). Safe to re-run.
CREATE DATABASE IF NOT EXISTS `commcarehq_demo`
;
CREATE TABLE IF NOT EXISTS `commcarehq_demo`.`raw_location` USING delta LOCATION 'file:///lake/commcare/demo/raw_location'
;
-- The name may still be that of a table elsewhere (an older lake's). Safe to re-run.
SET spark.databricks.delta.alterLocation.bypassSchemaCheck=true
;
ALTER TABLE `commcarehq_demo`.`raw_location` SET LOCATION 'file:///lake/commcare/demo/raw_location'
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
  `domain` STRING,
  `name` STRING,
  `site_code` STRING,
  `location_type` STRING,
  `location_type_code` STRING,
  `location_level` STRING,
  `external_id` STRING,
  `is_archived` STRING,
  `archived_on` STRING,
  `last_modified` STRING,
  `created_at` STRING,
  `latitude` STRING,
  `longitude` STRING,
  `parent_location_id` STRING,
  `state_id` STRING,
  `state_name` STRING,
  `state_site_code` STRING,
  `state_latitude` STRING,
  `state_longitude` STRING,
  `state_is_archived` STRING,
  `district_id` STRING,
  `district_name` STRING,
  `district_site_code` STRING,
  `district_latitude` STRING,
  `district_longitude` STRING,
  `district_is_archived` STRING,
  `_rev` STRING,
  `c0` STRING
) USING json OPTIONS (path 'file:///checkpoint/runs/2-x1/staging/5', mode 'FAILFAST')
;
MERGE INTO delta.`file:///lake/commcare/demo/raw_location` AS t
USING (
  SELECT
    s.`op` AS `__op`,
    s.`_id` AS `_id`,
  s.`domain` AS `domain`,
  s.`name` AS `name`,
  s.`site_code` AS `site_code`,
  s.`location_type` AS `location_type`,
  s.`location_type_code` AS `location_type_code`,
  CAST(s.`location_level` AS INT) AS `location_level`,
  s.`external_id` AS `external_id`,
  CAST(s.`is_archived` AS BOOLEAN) AS `is_archived`,
  CAST(s.`archived_on` AS TIMESTAMP) AS `archived_on`,
  CAST(s.`last_modified` AS TIMESTAMP) AS `last_modified`,
  CAST(s.`created_at` AS TIMESTAMP) AS `created_at`,
  CAST(s.`latitude` AS DOUBLE) AS `latitude`,
  CAST(s.`longitude` AS DOUBLE) AS `longitude`,
  s.`parent_location_id` AS `parent_location_id`,
  s.`state_id` AS `state_id`,
  s.`state_name` AS `state_name`,
  s.`state_site_code` AS `state_site_code`,
  CAST(s.`state_latitude` AS DOUBLE) AS `state_latitude`,
  CAST(s.`state_longitude` AS DOUBLE) AS `state_longitude`,
  CAST(s.`state_is_archived` AS BOOLEAN) AS `state_is_archived`,
  s.`district_id` AS `district_id`,
  s.`district_name` AS `district_name`,
  s.`district_site_code` AS `district_site_code`,
  CAST(s.`district_latitude` AS DOUBLE) AS `district_latitude`,
  CAST(s.`district_longitude` AS DOUBLE) AS `district_longitude`,
  CAST(s.`district_is_archived` AS BOOLEAN) AS `district_is_archived`,
  CAST(s.`_rev` AS TIMESTAMP) AS `_rev`,
  CAST(3 AS BIGINT) AS `_batch`,
  s.`c0` AS `metadata__population`
  FROM staged AS s
) AS s
ON t.`_id` = s.`_id`
WHEN MATCHED AND s.`__op` = 'delete' THEN DELETE
WHEN MATCHED AND s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`) THEN UPDATE SET
  t.`_id` = s.`_id`,
  t.`domain` = s.`domain`,
  t.`name` = s.`name`,
  t.`site_code` = s.`site_code`,
  t.`location_type` = s.`location_type`,
  t.`location_type_code` = s.`location_type_code`,
  t.`location_level` = s.`location_level`,
  t.`external_id` = s.`external_id`,
  t.`is_archived` = s.`is_archived`,
  t.`archived_on` = s.`archived_on`,
  t.`last_modified` = s.`last_modified`,
  t.`created_at` = s.`created_at`,
  t.`latitude` = s.`latitude`,
  t.`longitude` = s.`longitude`,
  t.`parent_location_id` = s.`parent_location_id`,
  t.`state_id` = s.`state_id`,
  t.`state_name` = s.`state_name`,
  t.`state_site_code` = s.`state_site_code`,
  t.`state_latitude` = s.`state_latitude`,
  t.`state_longitude` = s.`state_longitude`,
  t.`state_is_archived` = s.`state_is_archived`,
  t.`district_id` = s.`district_id`,
  t.`district_name` = s.`district_name`,
  t.`district_site_code` = s.`district_site_code`,
  t.`district_latitude` = s.`district_latitude`,
  t.`district_longitude` = s.`district_longitude`,
  t.`district_is_archived` = s.`district_is_archived`,
  t.`_rev` = s.`_rev`,
  t.`_batch` = s.`_batch`,
  t.`metadata__population` = s.`metadata__population`
WHEN NOT MATCHED AND s.`__op` = 'upsert' THEN INSERT (
  `_id`,
  `domain`,
  `name`,
  `site_code`,
  `location_type`,
  `location_type_code`,
  `location_level`,
  `external_id`,
  `is_archived`,
  `archived_on`,
  `last_modified`,
  `created_at`,
  `latitude`,
  `longitude`,
  `parent_location_id`,
  `state_id`,
  `state_name`,
  `state_site_code`,
  `state_latitude`,
  `state_longitude`,
  `state_is_archived`,
  `district_id`,
  `district_name`,
  `district_site_code`,
  `district_latitude`,
  `district_longitude`,
  `district_is_archived`,
  `_rev`,
  `_batch`,
  `metadata__population`
) VALUES (
  s.`_id`,
  s.`domain`,
  s.`name`,
  s.`site_code`,
  s.`location_type`,
  s.`location_type_code`,
  s.`location_level`,
  s.`external_id`,
  s.`is_archived`,
  s.`archived_on`,
  s.`last_modified`,
  s.`created_at`,
  s.`latitude`,
  s.`longitude`,
  s.`parent_location_id`,
  s.`state_id`,
  s.`state_name`,
  s.`state_site_code`,
  s.`state_latitude`,
  s.`state_longitude`,
  s.`state_is_archived`,
  s.`district_id`,
  s.`district_name`,
  s.`district_site_code`,
  s.`district_latitude`,
  s.`district_longitude`,
  s.`district_is_archived`,
  s.`_rev`,
  s.`_batch`,
  s.`metadata__population`
)
;
