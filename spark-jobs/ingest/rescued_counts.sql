-- Texts that stand in a map beside the columns (`_rescued`, `_overflow`): how many rows, how often per column (positions in
-- lists left out), and how many of them are empty; those columns that have most. Only reads.
SELECT
  (SELECT count(*) FROM delta.{{path}} AS t WHERE t.{{texts}} IS NOT NULL) AS `rows`,
  to_json(sort_array(collect_list(named_struct('column', c.`column`, 'texts', c.`texts`, 'empty', c.`empty`)))) AS `columns`
FROM (
  SELECT e.`column`, count(*) AS `texts`, count_if(e.`text` = '') AS `empty`
  FROM (
    SELECT regexp_replace(k, '\\[[0-9]+\\]', '[]') AS `column`, v AS `text`
    FROM delta.{{path}} AS t LATERAL VIEW explode(t.{{texts}}) AS k, v
  ) AS e
  GROUP BY e.`column`
  ORDER BY `texts` DESC, e.`column`
  LIMIT {{most}}
) AS c
