-- A run whose driver Spark has no room for: since when, and when a warm driver last ended for it.
ALTER TABLE run ADD COLUMN waits_for_room_since timestamptz;
ALTER TABLE run ADD COLUMN room_made_at timestamptz;

-- A warm driver that has been idle for a while asks whether it stands in the way: then it is none any more. One at a time
-- ends, and the next only when the one before was not enough.
CREATE FUNCTION runner_make_room(run_driver text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH waiting AS (
    UPDATE run SET room_made_at = now()
    WHERE id = (SELECT r.id FROM run r WHERE r.state = 'submitted' AND r.waits_for_room_since IS NOT NULL
                  AND (r.room_made_at IS NULL OR r.room_made_at < now() - interval '5 seconds')
                ORDER BY r.waits_for_room_since LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING 1
  ), gone AS (
    DELETE FROM warm_driver WHERE driver = run_driver AND EXISTS (SELECT 1 FROM waiting)
  )
  SELECT EXISTS (SELECT 1 FROM waiting)
$$;
REVOKE ALL ON FUNCTION runner_make_room(text) FROM PUBLIC;
