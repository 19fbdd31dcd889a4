-- Adds the columns (and list fields) that the Delta log showed to be missing. Fails, and is rendered again, when
-- another run added them meanwhile.
ALTER TABLE delta.{{path}} ADD COLUMNS (
  {{columns}}
)
;
