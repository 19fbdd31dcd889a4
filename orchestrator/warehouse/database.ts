import pg from 'pg';
import type { WarehouseEnvironment } from '../config/environment.js';
import { LakeError } from '../errors.js';
import { inTransaction, sessionOf, type Session } from '../postgres/transaction.js';
import { typeParser } from '../postgres/type-parser.js';
import { sql, type Sql } from '../sql/text.js';

/** A connection or transaction of the warehouse. Values travel as $n, names through quote.ts. */
export type WarehouseSession = Session<Sql>;

/** By this name our own sessions are told from readers. */
export const APPLICATION_NAME = 'dimagi-lake warehouse';

/**
 * The warehouse's Postgres. bigint columns arrive as bigint, dates and timestamps as text. Errors never hold a row's
 * values: what Postgres says of data (SQLSTATE 22, 23) is told by its code alone.
 */
export class WarehouseDatabase implements WarehouseSession {
  readonly #pool: pg.Pool;
  readonly #lockMs: number;

  constructor(environment: WarehouseEnvironment) {
    this.#lockMs = environment.WAREHOUSE_LOCK_SECONDS * 1000;
    this.#pool = new pg.Pool({
      host: environment.DASHBOARD_DB_HOST,
      port: environment.DASHBOARD_DB_PORT,
      database: environment.DASHBOARD_DB_NAME,
      user: environment.DASHBOARD_DB_USERNAME,
      password: environment.DASHBOARD_DB_PASSWORD,
      application_name: APPLICATION_NAME,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      max: 4,
      types: { getTypeParser: typeParser },
    });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
  }

  query<Row extends pg.QueryResultRow>(text: Sql, values: readonly unknown[] = []): Promise<Row[]> {
    return sessionOf(this.#pool, warehouseFailed).query<Row>(text, values);
  }

  /**
   * Runs `act` in one transaction that waits for no lock longer than WAREHOUSE_LOCK_SECONDS: whoever comes after us
   * waits for us.
   * @throws LakeError WAREHOUSE_BUSY when a lock was not to be had
   */
  transaction<T>(act: (tx: WarehouseSession) => Promise<T>): Promise<T> {
    return inTransaction(this.#pool, warehouseFailed, async (tx) => {
      await limitLockWaits(tx, this.#lockMs);
      return act(tx);
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** For the rest of the transaction. */
export async function limitLockWaits(tx: WarehouseSession, milliseconds: number): Promise<void> {
  await tx.query(sql`SET LOCAL lock_timeout = ${Math.max(1, Math.round(milliseconds))}`);
}

/** Lock not available, deadlock: another has it, and will be done. */
const BUSY: readonly string[] = ['55P03', '40P01'];
/** Wrong data, broken constraints: Postgres' words hold values. */
const SPEAKS_OF_DATA = /^(22|23)/;
/** A privilege that is missing, a name that is taken or not there: no retry mends it. */
const FAULTS_OF_SCHEMA = /^(42|0A|3F|28)/;

function warehouseFailed(cause: unknown): LakeError {
  if (cause instanceof LakeError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof pg.DatabaseError))
    return new LakeError('WAREHOUSE_FAILED', `The warehouse does not answer: ${message}`, { cause });
  const sqlState = cause.code ?? '';
  const facts = { sqlState };
  if (BUSY.includes(sqlState))
    return new LakeError('WAREHOUSE_BUSY', `The warehouse is busy: ${message}`, { facts, cause });
  if (SPEAKS_OF_DATA.test(sqlState))
    return new LakeError('INTERNAL', `The warehouse refused rows of ours (${sqlState})`, { facts });
  if (FAULTS_OF_SCHEMA.test(sqlState))
    return new LakeError('WAREHOUSE_SCHEMA', `The warehouse refused a statement (${sqlState}): ${message}`, {
      facts,
      cause,
    });
  return new LakeError('WAREHOUSE_FAILED', `The warehouse failed (${sqlState}): ${message}`, {
    facts,
    cause,
  });
}

/** SQLSTATE of a failed statement. */
export function sqlStateOf(thrown: unknown): string | undefined {
  const state = thrown instanceof LakeError ? thrown.facts['sqlState'] : undefined;
  return typeof state === 'string' ? state : undefined;
}
