-- The newest rows with such texts, as JSON. Only reads.
SELECT to_json(collect_list(named_struct('id', r.`_id`, 'texts', slice(map_entries({{shown}}), 1, {{most}})))) AS `rows`
FROM (
  SELECT t.`_id`, t.{{texts}} FROM delta.{{path}} AS t
  WHERE t.{{texts}} IS NOT NULL {{and_where}}
  ORDER BY t.`_rev` DESC, t.`_id`
  LIMIT {{limit}}
) AS r
