WHEN MATCHED AND s.`__op` = 'delete' THEN DELETE
WHEN MATCHED AND s.`__op` = 'upsert' AND (t.`_rev` IS NULL OR s.`_rev` >= t.`_rev`) THEN UPDATE SET
  {{updates}}
