-- Ids and revisions (microseconds since 1970, UTC) of some days' rows. Reads three columns of the version.
INSERT OVERWRITE DIRECTORY {{directory}} USING json
SELECT t.`_id` AS `id`, CAST(unix_micros(t.`_rev`) AS STRING) AS `rev`, CAST(t.`month` AS STRING) AS `month`
FROM delta.{{path}} VERSION AS OF {{version}} AS t
WHERE {{where}}
