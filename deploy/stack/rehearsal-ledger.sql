-- Purpose: the runner's side of a ledger, saying yes to everything, for the rehearsal in class-archive.ts.
-- Runs in a database of its own that is dropped afterwards.
CREATE FUNCTION runner_claim(text, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION runner_heartbeat(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION runner_finish(text, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
