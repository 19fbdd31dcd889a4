import { setTimeout as sleep } from 'node:timers/promises';
import type { WarehouseEnvironment } from '../config/environment.js';
import { LakeError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Sql } from '../sql/text.js';
import { sql } from '../sql/text.js';
import { qualified } from './catalog.js';
import { checkRows, countRows, finishTable, runAudits, type StagingAudit } from './check-staging.js';
import { WarehouseDatabase, type WarehouseSession } from './database.js';
import { readLoaded, type LoadedMonth, type LoadNote } from './load-table.js';
import { STAGING, tokenOfStaging, type LoadTarget } from './names.js';
import { waitForOlderReaders } from './older-readers.js';
import { makeReader } from './reader-role.js';
import {
  alignStaging,
  makeStaging,
  sealedTable,
  sealStaging,
  stagingTables,
  type Staging,
} from './staging.js';
import { hasLeaf, replaceRows, swapTables } from './swap.js';
import { makeBase, makePartitions, makeTable } from './tables.js';
import type { WarehouseTable } from './table.js';

export type { StagingAudit } from './check-staging.js';
export type { LoadTarget } from './names.js';
export type { Staging } from './staging.js';
export type { WarehouseTable } from './table.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/**
 * The Postgres that dashboards read. A load goes prepare → openStaging → (Spark writes) → finishStaging → swap; each step
 * may be done again after a crash, and until the swap's commit the old rows stand.
 */
export class Warehouse {
  readonly #environment: WarehouseEnvironment;
  readonly #database: WarehouseDatabase;
  readonly #logger: Logger | undefined;
  #based = false;

  constructor(environment: WarehouseEnvironment, logger?: Logger) {
    this.#environment = environment;
    this.#database = new WarehouseDatabase(environment);
    this.#logger = logger;
  }

  /**
   * Makes or migrates schemas, load table, readers' role and the table.
   * @throws LakeError WAREHOUSE_SCHEMA when the table can't become what the model says
   */
  async prepare(table: WarehouseTable, signal?: AbortSignal): Promise<void> {
    if (!this.#based) {
      const toRun = await this.#patiently(signal, async (tx) => {
        await makeBase(tx);
        return makeReader(tx);
      });
      if (toRun !== undefined)
        this.#logger?.warn('our login may not make the role of dashboards: an administrator has to', {
          toRun,
        });
      this.#based = true;
    }
    await this.#patiently(signal, (tx) => makeTable(tx, table));
  }

  /** What stands there for a month; undefined: it was never loaded. */
  async loaded(target: LoadTarget): Promise<LoadedMonth | undefined> {
    return readLoaded(this.#database, target);
  }

  /**
   * An empty staging table for Spark to write, once the table is prepared.
   * @param token the aggregation run
   * @throws LakeError LOAD_FENCED when a later run has loaded the month or is loading it
   */
  async openStaging(
    table: WarehouseTable,
    place: Pick<LoadTarget, 'domain' | 'month'>,
    token: bigint,
    signal?: AbortSignal,
  ): Promise<Staging> {
    const target = { table: table.table, domain: place.domain, month: place.month };
    return this.#patiently(signal, (tx) => makeStaging(tx, table, target, token));
  }

  /**
   * Makes the staging table ready to be swapped in: sealed, counted, constrained, indexed, analysed, audited.
   * @param expected rows of the Delta version, and the model's audits by the staging table's quoted name
   * @throws LakeError AUDIT_FAILED naming the audit; the old rows stay
   */
  async finishStaging(
    staging: Staging,
    expected: { readonly rows: bigint; readonly audits?: (staging: Sql) => readonly StagingAudit[] },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#patiently(signal, async (tx) => {
      await sealStaging(tx, staging);
      await alignStaging(tx, staging);
    });
    await checkRows(this.#database, staging, expected.rows);
    await this.#patiently(signal, (tx) => finishTable(tx, staging));
    const name = qualified(sealedTable(staging));
    await this.#database.query(sql`ANALYZE ${name}`);
    await runAudits(this.#database, staging, expected.audits?.(name) ?? []);
  }

  /**
   * Puts the staging table in the place of the month's rows. Doing it again after a crash is doing nothing.
   * @returns rows that stand there now
   * @throws LakeError LOAD_FENCED; WAREHOUSE_BUSY when not even the rows could be replaced
   */
  async swap(
    staging: Staging,
    made: { readonly sources: ReadonlyMap<string, bigint | null>; readonly signal?: AbortSignal },
  ): Promise<bigint> {
    const { signal } = made;
    const done = await readLoaded(this.#database, staging);
    const again = done?.token === staging.token;
    const rows = again ? done.rows : await countRows(this.#database, staging);
    await this.#patiently(signal, (tx) => makePartitions(tx, staging));
    const way = await this.#swap(staging, { token: staging.token, sources: made.sources, rows }, signal);
    const { table, domain, month, token } = staging;
    const facts = { table, domain, month, runId: token.toString(), rows: rows.toString() };
    this.#logger?.info(`warehouse: ${again ? 'loaded already' : way}`, facts);
    return rows;
  }

  async #swap(staging: Staging, note: LoadNote, signal: AbortSignal | undefined): Promise<string> {
    const replaces = await hasLeaf(this.#database, staging);
    const older = replaces ? await this.#waitForOlderReaders(signal) : 0;
    if (older === 0) {
      try {
        await this.#patiently(signal, (tx) => swapTables(tx, staging, note, this.#lockMs));
        return 'swapped in';
      } catch (thrown) {
        if (!isBusy(thrown) || !replaces) throw thrown;
      }
    }
    await this.#patiently(signal, (tx) => replaceRows(tx, staging, note));
    return 'rows replaced';
  }

  async #waitForOlderReaders(signal: AbortSignal | undefined): Promise<number> {
    const milliseconds = this.#environment.WAREHOUSE_READER_SECONDS * 1000;
    return waitForOlderReaders(this.#database, milliseconds, signal);
  }

  /**
   * Drops staging tables of runs that are not live; one that is in use is left for the next time.
   * @returns names of those dropped
   */
  async sweepLitter(isLive: (token: bigint) => boolean): Promise<string[]> {
    const dropped: string[] = [];
    for (const name of await stagingTables(this.#database)) {
      const token = tokenOfStaging(name);
      if (token === undefined || isLive(token)) continue;
      try {
        await this.#database.transaction((tx) =>
          tx.query(sql`DROP TABLE IF EXISTS ${qualified({ schema: STAGING, name })}`),
        );
        dropped.push(name);
      } catch (thrown) {
        if (!(thrown instanceof LakeError) || thrown.code !== 'WAREHOUSE_BUSY') throw thrown;
      }
    }
    return dropped;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  get #lockMs(): number {
    return this.#environment.WAREHOUSE_LOCK_SECONDS * 1000;
  }

  /** In one transaction; when a lock is not to be had in time, again after a pause in which those who wait get on. */
  async #patiently<T>(
    signal: AbortSignal | undefined,
    act: (tx: WarehouseSession) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await this.#database.transaction(act);
      } catch (thrown) {
        if (!isBusy(thrown) || attempt >= this.#environment.WAREHOUSE_LOCK_ATTEMPTS) throw thrown;
      }
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)), undefined, { signal });
    }
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof LakeError && thrown.code === 'WAREHOUSE_BUSY';
}
