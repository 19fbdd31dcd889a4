SELECT
    {{select}}
  FROM (
  SELECT m.*{{unseen}} FROM (
  {{source}}
  ) AS m
  ) AS r
