-- Audit {{name}}: it must return no rows.
SELECT {{name_literal}} AS `audit`, count(*) AS `found`, min(to_json(struct(q.*))) AS `example`
FROM (
{{query}}
) AS q
;
