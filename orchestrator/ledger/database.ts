import pg from 'pg';
import { LakeError } from '../errors.js';
import { inTransaction, sessionOf, type Session } from '../postgres/transaction.js';
import { typeParser } from '../postgres/type-parser.js';

/** A connection or a transaction of the ledger. Values always travel as $n. */
export type Queryable = Session<string>;

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

  query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return sessionOf(this.#pool, ledgerFailed).query<Row>(sql, values);
  }

  /** Runs `act` in one transaction; any throw rolls it back and passes on. */
  async transaction<T>(act: (tx: Queryable) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(this.#pool, ledgerFailed, act);
    } catch (thrown) {
      throw isDatabaseError(thrown) ? ledgerFailed(thrown) : thrown;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
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
