-- The limit of columns that the table stands at, and the first paths that it turned away: {"limit", "names"}. Null: what
-- comes gets a column.
ALTER TABLE lake_table ADD COLUMN overflow jsonb;

-- `limit`: from then on what is new goes to `_overflow`.
ALTER TABLE schema_change DROP CONSTRAINT schema_change_change_check;
ALTER TABLE schema_change ADD CONSTRAINT schema_change_change_check
  CHECK (change IN ('added', 'list', 'type', 'renamed', 'derived', 'dropped', 'limit'));

-- As 0009 has it, but for an entry `limit`: it changes no column, so no month but those of the batch.
CREATE OR REPLACE VIEW lane_change AS
  SELECT l.batch_id, l.state, l.table_id, changed.month, l.delta_version, l.inserted + l.updated + l.deleted AS rows
  FROM lane l
    LEFT JOIN staged_month s ON s.batch_id = l.batch_id AND s.table_id = l.table_id
    CROSS JOIN LATERAL (SELECT EXISTS (
      SELECT 1 FROM schema_change c
      WHERE c.table_id = l.table_id AND c.batch_id = l.batch_id AND c.change NOT IN ('added', 'limit')) AS of_columns) AS whole
    CROSS JOIN LATERAL (
      SELECT DISTINCT unnest(CASE WHEN whole.of_columns OR s.months IS NULL THEN ARRAY[NULL::date] ELSE s.months END) AS month
    ) AS changed
  WHERE l.delta_version IS NOT NULL AND (whole.of_columns OR l.inserted + l.updated + l.deleted > 0);
