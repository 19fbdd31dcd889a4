-- Gives the table its name, for readers (schema and properties come from the log). Safe to re-run.
CREATE DATABASE IF NOT EXISTS {{database}}
;
CREATE TABLE IF NOT EXISTS {{table}} USING delta LOCATION {{location}}
;
