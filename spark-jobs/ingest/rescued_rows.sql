-- The newest rows with such texts, as JSON. Only reads.
SELECT to_json(collect_list(named_struct('id', r.`_id`, 'texts', map_entries(r.`_rescued`)))) AS `rows`
FROM (
  SELECT t.`_id`, t.`_rescued` FROM delta.{{path}} AS t
  WHERE t.`_rescued` IS NOT NULL {{and_where}}
  ORDER BY t.`_rev` DESC, t.`_id`
  LIMIT {{limit}}
) AS r
