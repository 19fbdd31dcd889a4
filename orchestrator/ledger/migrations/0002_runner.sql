-- What a driver may do with the ledger: claim its run, show that it lives, say that it ended. The runner's role gets
-- EXECUTE on these functions and nothing else (granted by ledger/migrate.ts).

CREATE FUNCTION runner_claim(run_id text, run_token text, run_driver text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH claimed AS (
    UPDATE run SET state = 'claimed', driver = run_driver, claimed_at = now(), heartbeat_at = now()
    WHERE id = run_id AND token = run_token
      -- An answer may have been lost: the driver that holds the run may claim it again.
      AND (state = 'submitted' OR (state = 'claimed' AND driver = run_driver))
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM claimed)
$$;

CREATE FUNCTION runner_heartbeat(run_id text, run_token text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH alive AS (
    UPDATE run SET heartbeat_at = now()
    WHERE id = run_id AND token = run_token AND state = 'claimed'
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM alive)
$$;

CREATE FUNCTION runner_finish(run_id text, run_token text, outcome text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH ended AS (
    UPDATE run SET state = CASE outcome WHEN 'done' THEN 'done' ELSE 'failed' END, finished_at = now()
    WHERE id = run_id AND token = run_token
      AND (state = 'claimed' OR state = CASE outcome WHEN 'done' THEN 'done' ELSE 'failed' END)
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM ended)
$$;

-- A warm driver asks for any run that waits; SKIP LOCKED lets several ask at once.
CREATE FUNCTION runner_claim_next(run_driver text) RETURNS TABLE (run text, token text, run_file text)
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO warm_driver AS known (driver, seen_at) VALUES (run_driver, now())
    ON CONFLICT (driver) DO UPDATE SET seen_at = now();
  UPDATE run SET state = 'claimed', driver = run_driver, claimed_at = now(), heartbeat_at = now()
  WHERE id = (SELECT r.id FROM run r WHERE r.state = 'submitted' ORDER BY r.created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING run.id, run.token, run.run_file;
$$;

REVOKE ALL ON FUNCTION runner_claim_next(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION runner_claim(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION runner_heartbeat(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION runner_finish(text, text, text) FROM PUBLIC;
