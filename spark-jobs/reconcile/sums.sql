-- Rows per day of their revision (days since 1970, UTC), with the sum of their digests: the same that HQ's Postgres works
-- out (orchestrator/extract/revision-sql.ts). Reads two columns of the version and writes one file beside the run.
INSERT OVERWRITE DIRECTORY {{directory}} USING json
SELECT
  unix_date(CAST(t.`_rev` AS DATE)) AS `day`,
  count(*) AS `rows`,
  CAST(sum(CAST(conv(substring(md5(CAST(concat(t.`_id`, '|', coalesce(CAST(unix_micros(t.`_rev`) AS STRING), '')) AS BINARY)), 1, 15), 16, 10)
    AS DECIMAL(20, 0))) AS STRING) AS `sum`
FROM delta.{{path}} VERSION AS OF {{version}} AS t
WHERE {{where}}
GROUP BY unix_date(CAST(t.`_rev` AS DATE))
