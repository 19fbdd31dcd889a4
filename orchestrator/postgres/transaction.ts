import type pg from 'pg';
import type { LakeError } from '../errors.js';

/** What statements are run on: a pool, or the connection of a transaction. `Text` is what may be a statement there. */
export interface Session<Text extends string> {
  query<Row extends pg.QueryResultRow>(text: Text, values?: readonly unknown[]): Promise<Row[]>;
}

/** Makes of what pg throws the error of the database that it came from. */
export type Failed = (cause: unknown) => LakeError;

/** Statements of a pool or connection, whose failures are LakeErrors. */
export function sessionOf<Text extends string>(
  connection: pg.Pool | pg.PoolClient,
  failed: Failed,
): Session<Text> {
  return {
    async query<Row extends pg.QueryResultRow>(text: Text, values: readonly unknown[] = []): Promise<Row[]> {
      try {
        return (await connection.query<Row>(text, [...values])).rows;
      } catch (cause) {
        throw failed(cause);
      }
    },
  };
}

/** Runs `act` in one transaction on a connection of its own; any throw rolls it back and passes on. */
export async function inTransaction<Text extends string, T>(
  pool: pg.Pool,
  failed: Failed,
  act: (tx: Session<Text>) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw failed(cause);
  });
  let broken: Error | undefined;
  // The pool listens to idle connections only: one that breaks between two statements would end the process.
  client.on('error', ignore);
  const own = sessionOf(client, failed);
  try {
    await own.query('BEGIN');
    const result = await act(own);
    await own.query('COMMIT');
    return result;
  } catch (thrown) {
    await client.query('ROLLBACK').catch((cause: unknown) => {
      broken = cause instanceof Error ? cause : new Error(String(cause));
    });
    throw thrown;
  } finally {
    if (broken === undefined) client.off('error', ignore);
    client.release(broken);
  }
}

function ignore(): void {
  // The transaction fails at its next statement, or at its COMMIT.
}
