-- The same of the rows that have certain ids.
CREATE OR REPLACE TEMPORARY VIEW wanted (`id` STRING) USING json OPTIONS (path {{ids}}, mode 'FAILFAST')
;
INSERT OVERWRITE DIRECTORY {{directory}} USING json
SELECT t.`_id` AS `id`, CAST(unix_micros(t.`_rev`) AS STRING) AS `rev`, CAST(t.`month` AS STRING) AS `month`
FROM delta.{{path}} VERSION AS OF {{version}} AS t
WHERE t.`_id` IN (SELECT w.`id` FROM wanted AS w)
