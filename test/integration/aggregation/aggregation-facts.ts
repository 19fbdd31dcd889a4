import pg from 'pg';
import type { FreshLake } from '../../helpers/fresh-lake.js';
import { stackVariable } from '../../helpers/stack-environment.js';

export interface RunFacts {
  readonly id: string;
  readonly model: string;
  readonly state: string;
  readonly failure: string | null;
}

/** All runs of the ledger, in order. */
export async function runsOf(lake: FreshLake): Promise<RunFacts[]> {
  const { rows } = await lake.ledger.query<RunFacts>(
    'SELECT id::text, model, state, failure FROM aggregation_run ORDER BY id',
  );
  return rows;
}

/** The rows a dashboard reads of a domain's table, each as JSON, sorted. */
export async function warehouseOf(lake: FreshLake, table: string): Promise<string[]> {
  return inWarehouse(async (client) => {
    const { rows } = await client.query<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM public.${pg.escapeIdentifier(table)} AS t WHERE domain = $1 ORDER BY 1`,
      [lake.domain],
    );
    return rows.map(({ row }) => row);
  });
}

/** Tables that loads have left behind. */
export async function stagingTables(): Promise<string[]> {
  return inWarehouse(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'dimagi_lake_staging'",
    );
    return rows.map(({ name }) => name);
  });
}

async function inWarehouse<T>(act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: stackVariable('DASHBOARD_DB_HOST'),
    port: Number(stackVariable('DASHBOARD_DB_PORT')),
    database: stackVariable('DASHBOARD_DB_NAME'),
    user: stackVariable('DASHBOARD_DB_USERNAME'),
    password: stackVariable('DASHBOARD_DB_PASSWORD'),
  });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}
