-- How many rows hold something in each column. Only reads.
SELECT
  {{counts}}
FROM delta.{{path}} AS t
