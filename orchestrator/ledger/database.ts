import pg from 'pg';
import { LakeError } from '../errors.js';

/** A connection or a transaction of the ledger. Values always travel as $n. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/**
 * The ledger's Postgres. bigint columns arrive as bigint, dates and timestamps as text.
 * Every failure of the database becomes LakeError LEDGER_FAILED (retryable).
 */
export class LedgerDatabase implements Queryable {
  /** How long a lease taken here lives without renewal. */
  readonly leaseSeconds: number;
  readonly #pool: pg.Pool;

  constructor(url: string, options: { max?: number; leaseSeconds?: number } = {}) {
    this.leaseSeconds = options.leaseSeconds ?? 15;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: options.max ?? 10,
      connectionTimeoutMillis: 10_000,
      statement_timeout: 60_000,
      // A process frozen in the middle of a transaction holds its row locks: others would wait for it for ever. After a
      // lease's time it has lost its work anyway.
      idle_in_transaction_session_timeout: this.leaseSeconds * 1000,
      types: { getTypeParser: typeParser },
    });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(sql, [...values])).rows;
    } catch (cause) {
      throw ledgerFailed(cause);
    }
  }

  /** Runs `act` in one transaction; any throw rolls it back and passes on. */
  async transaction<T>(act: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw ledgerFailed(cause);
    });
    let broken: Error | undefined;
    // The pool listens to idle connections only: one that breaks between two statements would end the process.
    client.on('error', ignore);
    const tx = queryableOf(client);
    try {
      await tx.query('BEGIN');
      const result = await act(tx);
      await tx.query('COMMIT');
      return result;
    } catch (thrown) {
      await client.query('ROLLBACK').catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      });
      throw thrown instanceof LakeError ? thrown : isDatabaseError(thrown) ? ledgerFailed(thrown) : thrown;
    } finally {
      if (broken === undefined) client.off('error', ignore);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function ignore(): void {
  // The transaction fails at its next statement, or at its COMMIT.
}

function queryableOf(client: pg.PoolClient): Queryable {
  return {
    async query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      try {
        return (await client.query<Row>(sql, [...values])).rows;
      } catch (cause) {
        throw ledgerFailed(cause);
      }
    },
  };
}

function isDatabaseError(thrown: unknown): boolean {
  return thrown instanceof Error && ('severity' in thrown || 'errno' in thrown);
}

/** SQLSTATE classes that no retry mends: bad data, broken constraints, wrong SQL. */
const FAULTS_OF_OURS = /^(22|23|42)/;

function ledgerFailed(cause: unknown): LakeError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof pg.DatabaseError && FAULTS_OF_OURS.test(cause.code ?? '')) {
    return new LakeError('INTERNAL', `The ledger refused a statement of ours (${cause.code}): ${message}`, {
      cause,
    });
  }
  return new LakeError('LEDGER_FAILED', `The ledger database failed: ${message}`, { cause });
}

const INT8 = 20;
const INT8_ARRAY = 1016;
const KEPT_AS_TEXT = new Set([1082, 1114, 1184]); // date, timestamp, timestamptz

/** pg's own parsers; its types return `any` and know only the built-in types' numbers. */
const parserOf = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

const typeParser = (oid: number, format?: string): ((value: string) => unknown) => {
  if (oid === INT8) return (text: string) => BigInt(text);
  if (oid === INT8_ARRAY) return (text: string) => text.slice(1, -1).split(',').filter(Boolean).map(BigInt);
  if (KEPT_AS_TEXT.has(oid)) return (text: string) => text;
  return parserOf(oid, format);
};
