SELECT
  {{select}}
FROM delta.{{path}} AS t
