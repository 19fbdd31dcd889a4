-- How many rows would have texts that are no value of their declared types, and which. Only reads.
SELECT
  count(*) AS `rows`,
  count_if(r.`rescued_now`) AS `rescued_now`,
  count_if(r.`rescued_then` IS NOT NULL) AS `rescued_then`,
  to_json(slice(sort_array(collect_list(CASE WHEN r.`rescued_then` IS NOT NULL THEN r.`_id` END)), 1, {{sample}})) AS `sample`
FROM (
  SELECT r.`_id`, r.`rescued_now`, {{rescued_then}} AS `rescued_then`
  FROM (
    SELECT
      {{select}}
    FROM delta.{{path}} AS t
  ) AS r
) AS r
