-- Processes of the API tell their clients that something of a kind has changed; the clients then ask for what they show.
-- Told per statement, and Postgres tells the same text once per transaction, so a commit of a thousand rows is one word.
CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('dimagi_lake_change', TG_ARGV[0]);
  RETURN NULL;
END $$;

DO $$
DECLARE
  told record;
BEGIN
  FOR told IN SELECT * FROM (VALUES
    ('batch', 'jobs'), ('batch', 'topics'), ('lane', 'jobs'), ('lane', 'tables'), ('run', 'jobs'),
    ('topic', 'topics'), ('lake_table', 'tables'), ('quarantine', 'tables'),
    ('aggregation_run', 'jobs'), ('aggregation_step', 'jobs'), ('aggregation_month', 'months'),
    ('aggregation_failure', 'months'), ('schedule_run', 'months'), ('source_change', 'months'),
    ('aggregation_request', 'jobs'), ('aggregation_request', 'months'), ('reprocess_request', 'jobs'),
    ('pause', 'pauses'), ('alert', 'alerts'), ('alert_rule', 'alerts')
  ) AS kind (relation, what) LOOP
    EXECUTE format(
      'CREATE TRIGGER %I AFTER INSERT OR DELETE OR UPDATE %s ON %I FOR EACH STATEMENT EXECUTE FUNCTION tell_change(%L)',
      -- A driver's sign of life is no news.
      'tell_' || told.what, CASE told.relation WHEN 'run' THEN 'OF state' ELSE '' END, told.relation, told.what);
  END LOOP;
END $$;

-- As in 0011: nobody but the ledger's owner may call what triggers are made of.
DO $$
DECLARE
  made regprocedure;
BEGIN
  FOR made IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
    AND (p.proname LIKE 'note\_%' OR p.proname IN ('duration_bounds', 'tell_change'))
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made);
  END LOOP;
END $$;
