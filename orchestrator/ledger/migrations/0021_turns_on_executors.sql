-- Runs that get executors take turns (ledger/turns.ts). Runs under way when this is applied are not counted.
ALTER TABLE run ADD COLUMN on_executors boolean NOT NULL DEFAULT false;
CREATE INDEX run_on_executors ON run (created_at) WHERE on_executors AND state IN ('submitted', 'claimed');
