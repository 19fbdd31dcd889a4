import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { LakeError } from '../errors.js';
import {
  CLIENT_TIMEOUT_MS,
  CONNECTIONS_PER_DATABASE,
  CONNECT_TIMEOUT_MS,
  READ_ATTEMPTS,
  READ_RETRY_MS,
  STANDBY_RECHECK_MS,
  STANDBY_WAIT_MS,
  STATEMENT_TIMEOUT_MS,
} from './limits.js';
import { STANDBY_STATE_SQL, showsAllChanges, type StandbyState } from './standby.js';

/** A statement whose values stand apart from its text. */
export interface Query {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * One of HQ's databases, read only. Every read is one short transaction, because behind a pgbouncer in transaction
 * mode nothing else may be relied on: no named statements, no session settings, no start-up parameters.
 */
export class HqDatabase {
  readonly name: string;
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.name = nameOf(url);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS_PER_DATABASE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CLIENT_TIMEOUT_MS,
      application_name: 'dimagi-lake',
    });
    // An idle connection that breaks is replaced at the next read, which reports what stays broken.
    this.#pool.on('error', () => undefined);
  }

  /** Rows as the database has them now, standby or not. @throws LakeError HQ_READ_FAILED */
  async read<Row extends pg.QueryResultRow>(query: Query): Promise<readonly Row[]> {
    return this.#retried(async (client) => (await client.query<Row>(query.text, [...query.values])).rows);
  }

  /**
   * Rows that are at least as new as every change published until `newest` (null: all the database has received).
   * @returns undefined when this is a standby that stays behind although it was waited for
   * @throws LakeError HQ_READ_FAILED
   */
  async readProven<Row extends pg.QueryResultRow>(
    query: Query,
    newest: string | null,
    signal?: AbortSignal,
  ): Promise<readonly Row[] | undefined> {
    const until = Date.now() + STANDBY_WAIT_MS;
    for (;;) {
      signal?.throwIfAborted();
      const rows = await this.#retried(async (client) => {
        const state = await client.query<StandbyState>(STANDBY_STATE_SQL, [newest]);
        if (!state.rows.every(showsAllChanges)) return undefined;
        return (await client.query<Row>(query.text, [...query.values])).rows;
      });
      if (rows !== undefined || Date.now() > until) return rows;
      await delay(STANDBY_RECHECK_MS);
    }
  }

  /**
   * As readProven, for what has no other proof (locations and users' places have no tombstones).
   * @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED
   */
  async readSettled<Row extends pg.QueryResultRow>(
    query: Query,
    newest: string | null,
    signal?: AbortSignal,
  ): Promise<readonly Row[]> {
    const rows = await this.readProven<Row>(query, newest, signal);
    if (rows !== undefined) return rows;
    throw new LakeError('HQ_STANDBY_BEHIND', `HQ's standby ${this.name} does not show all changes yet`, {
      facts: { databases: [this.name], newestPublishTimestamp: newest },
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #retried<T>(act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transaction(act);
      } catch (cause) {
        if (attempt >= READ_ATTEMPTS || !isPassing(cause)) throw this.#failed(cause);
        await delay(READ_RETRY_MS * attempt);
      }
    }
  }

  async #transaction<T>(act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken = true;
    // The pool listens to idle connections only: one that breaks between two statements would end the process.
    client.on('error', ignore);
    try {
      await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
      const result = await act(client);
      await client.query('COMMIT');
      broken = false;
      return result;
    } finally {
      if (!broken) client.off('error', ignore);
      // After an error the connection may still be busy with the statement: it is closed, never handed on.
      client.release(broken);
    }
  }

  #failed(cause: unknown): LakeError {
    const code = codeOf(cause) ?? 'no code';
    return new LakeError('HQ_READ_FAILED', `Reading HQ's database ${this.name} failed (${code})`, {
      facts: { database: this.name, code },
      cause,
    });
  }
}

function ignore(): void {
  // The next statement fails, and is tried again.
}

/** Host and database name; never the credentials. */
function nameOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return 'of an unreadable URL';
  }
}

/** Connection trouble, a server going down, a standby's conflict with recovery, too many connections. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined)
    return error instanceof Error && /terminated|timeout exceeded|not queryable/i.test(error.message);
  return /^(08|40|53|57P)/.test(code) || /^E[A-Z]+$/.test(code);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
