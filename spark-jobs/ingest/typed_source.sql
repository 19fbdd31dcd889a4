SELECT
    {{select}}
  FROM (
  {{texts}}
  ) AS r
