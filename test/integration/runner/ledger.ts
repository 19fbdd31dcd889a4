import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { startPostgres } from './postgres.js';

/** A run as the runner's functions see it; the real ledger has more around it. */
export interface RunRow {
  readonly state: 'waiting' | 'claimed' | 'done' | 'failed' | 'voided';
  readonly driver: string | null;
  readonly beats: number;
}

/** The ledger's runner functions in plain form, in a Postgres of the test's own, with a role limited to them. */
export interface TestLedger {
  /** What a driver needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** @param as its id, else a new one; with `warm` it is offered to warm drivers by runner_claim_next */
  addRun(as?: { run?: string; warm?: { runFile: string } }): Promise<{ run: string; token: string }>;
  run(id: string): Promise<RunRow>;
  /** As the control plane does when it takes a driver for lost. */
  voidRun(id: string): Promise<void>;
  until(id: string, holds: (row: RunRow) => boolean): Promise<RunRow>;
  close(): Promise<void>;
}

const SCHEMA = `
  CREATE TABLE run (run text PRIMARY KEY, token text NOT NULL, run_file text, warm boolean NOT NULL,
    state text NOT NULL DEFAULT 'waiting', driver text, beats int NOT NULL DEFAULT 0, added bigserial);
  CREATE FUNCTION runner_claim(r text, t text, d text) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$
    WITH u AS (UPDATE run SET state = 'claimed', driver = d WHERE run = r AND token = t
      AND (state = 'waiting' OR (state = 'claimed' AND driver = d)) RETURNING 1) SELECT EXISTS (SELECT FROM u) $$;
  CREATE FUNCTION runner_heartbeat(r text, t text) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$
    WITH u AS (UPDATE run SET beats = beats + 1 WHERE run = r AND token = t AND state = 'claimed' RETURNING 1)
    SELECT EXISTS (SELECT FROM u) $$;
  CREATE FUNCTION runner_finish(r text, t text, o text) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$
    WITH u AS (UPDATE run SET state = o WHERE run = r AND token = t AND state IN ('claimed', o) RETURNING 1)
    SELECT EXISTS (SELECT FROM u) $$;
  CREATE FUNCTION runner_claim_next(d text) RETURNS TABLE (run text, token text, run_file text)
    LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE run SET state = 'claimed', driver = d WHERE run.run = (SELECT w.run FROM run w
      WHERE w.warm AND w.state = 'waiting' ORDER BY w.added LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING run.run, run.token, run.run_file $$;
  CREATE FUNCTION runner_make_room(d text) RETURNS boolean LANGUAGE sql AS 'SELECT false';`;
const UNTIL_MS = 300_000;

export async function startLedger(): Promise<TestLedger> {
  const postgres = await startPostgres();
  const client = await postgres.connect();
  const password = randomBytes(8).toString('hex');
  await client.query(SCHEMA);
  await client.query(`CREATE ROLE runner LOGIN PASSWORD '${password}'`);
  return {
    env: {
      LEDGER_RUNNER_JDBC_URL: `jdbc:postgresql://127.0.0.1:${postgres.port}/postgres`,
      LEDGER_RUNNER_USERNAME: 'runner',
      LEDGER_RUNNER_PASSWORD: password,
    },
    addRun: async ({ run = randomUUID(), warm } = {}) => {
      const ids = { run, token: randomUUID() };
      const values = [ids.run, ids.token, warm?.runFile ?? null, warm !== undefined];
      await client.query('INSERT INTO run (run, token, run_file, warm) VALUES ($1, $2, $3, $4)', values);
      return ids;
    },
    run: (id) => readRun(client, id),
    voidRun: async (id) => {
      await client.query("UPDATE run SET state = 'voided' WHERE run = $1", [id]);
    },
    until: async (id, holds) => {
      const end = Date.now() + UNTIL_MS;
      while (Date.now() < end) {
        const row = await readRun(client, id);
        if (holds(row)) return row;
        await sleep(50);
      }
      throw new Error(`run ${id} did not get there: ${JSON.stringify(await readRun(client, id))}`);
    },
    close: async () => {
      await client.end();
      await postgres.close();
    },
  };
}

async function readRun(client: pg.Client, id: string): Promise<RunRow> {
  const { rows } = await client.query<RunRow>('SELECT state, driver, beats FROM run WHERE run = $1', [id]);
  const [row] = rows;
  if (row === undefined) throw new Error(`no run ${id}`);
  return row;
}
