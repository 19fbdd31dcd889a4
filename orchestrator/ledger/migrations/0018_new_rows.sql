-- A lane of nothing but upserts of records that were never staged for its table before, nor by an earlier batch that was
-- still to be staged: its MERGE only inserts. Lanes that are staged already stay on the safe side.
ALTER TABLE lane ADD COLUMN all_new boolean NOT NULL DEFAULT false;
