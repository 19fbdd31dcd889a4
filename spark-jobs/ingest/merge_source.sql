SELECT
    s.`op` AS `__op`,
    {{select}}
  FROM staged AS s
