-- Purpose: load the classes that a merge needs, once, for the class archive. Small, but of the shape of real work:
-- staged JSON, a table partitioned by month with deletion vectors, insert, update and delete by MERGE, a new column.
-- Writes: one database of its own, under {{FOLDER}}, dropped at the end.
DROP DATABASE IF EXISTS dimagi_lake_rehearsal CASCADE
;
CREATE DATABASE dimagi_lake_rehearsal LOCATION '{{FOLDER}}/database'
;
CREATE TABLE dimagi_lake_rehearsal.t (
  _id STRING, domain STRING, received_on TIMESTAMP, rev STRING, form__weight DOUBLE, form__name STRING,
  indices ARRAY<STRUCT<identifier: STRING, referenced_id: STRING>>, _rescued MAP<STRING, STRING>, month DATE
) USING delta PARTITIONED BY (month) LOCATION '{{FOLDER}}/table'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')
;
CREATE TEMPORARY VIEW staged (
  _op STRING, _id STRING, domain STRING, received_on STRING, rev STRING, form__weight STRING, form__name STRING,
  indices ARRAY<STRUCT<identifier: STRING, referenced_id: STRING>>, _rescued MAP<STRING, STRING>, month STRING
) USING json OPTIONS (path '{{FOLDER}}/staged', mode 'FAILFAST')
;
CREATE TEMPORARY VIEW shaped AS
SELECT _op, _id, domain, to_timestamp(received_on) AS received_on, rev, try_cast(form__weight AS DOUBLE) AS form__weight,
  form__name, transform(indices, x -> named_struct('identifier', x.identifier, 'referenced_id', x.referenced_id)) AS indices,
  _rescued, to_date(month) AS month
FROM staged
;
SET spark.databricks.delta.write.txnAppId = dl/rehearsal
;
SET spark.databricks.delta.write.txnVersion = 1
;
SET spark.databricks.delta.commitInfo.userMetadata = {"run":"rehearsal"}
;
MERGE INTO dimagi_lake_rehearsal.t AS t USING shaped AS s ON t._id = s._id AND t.month IN (DATE '2025-01-01', DATE '2025-02-01')
WHEN MATCHED AND s._op = 'delete' THEN DELETE
WHEN MATCHED AND s.rev >= t.rev THEN UPDATE SET domain = s.domain, received_on = s.received_on, rev = s.rev,
  form__weight = s.form__weight, form__name = s.form__name, indices = s.indices, _rescued = s._rescued, month = s.month
WHEN NOT MATCHED AND s._op = 'upsert' THEN INSERT (_id, domain, received_on, rev, form__weight, form__name, indices, _rescued, month)
  VALUES (s._id, s.domain, s.received_on, s.rev, s.form__weight, s.form__name, s.indices, s._rescued, s.month)
;
SET spark.databricks.delta.write.txnVersion = 2
;
MERGE INTO dimagi_lake_rehearsal.t AS t USING (SELECT * FROM shaped WHERE _id < 'k3') AS s ON t._id = s._id
WHEN MATCHED AND s._id = 'k1' THEN DELETE
WHEN MATCHED AND s.rev >= t.rev THEN UPDATE SET form__name = concat(s.form__name, '!')
;
ALTER TABLE dimagi_lake_rehearsal.t ADD COLUMNS (form__place STRING)
;
SELECT month, count(*) AS n, avg(form__weight) AS w FROM dimagi_lake_rehearsal.t GROUP BY month
;
SET spark.databricks.delta.write.txnVersion = 3
;
CREATE OR REPLACE TABLE dimagi_lake_rehearsal.t USING delta PARTITIONED BY (month) LOCATION '{{FOLDER}}/table'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')
AS SELECT * EXCEPT (form__name), array(form__name) AS form__name FROM dimagi_lake_rehearsal.t
;
DROP DATABASE dimagi_lake_rehearsal CASCADE
;
