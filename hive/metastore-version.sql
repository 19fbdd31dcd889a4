-- Purpose: say which schema the tables have, so that hive.metastore.schema.verification passes.
-- Writes: one row, once. Safe to run again.
INSERT INTO "VERSION" ("VER_ID", "SCHEMA_VERSION", "VERSION_COMMENT")
SELECT 1, '2.3.0', 'made by DataNucleus SchemaTool'
WHERE NOT EXISTS (SELECT FROM "VERSION")
