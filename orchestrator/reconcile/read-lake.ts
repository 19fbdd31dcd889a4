import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { LakeError } from '../errors.js';
import { runOnSpark } from '../pipeline/run-on-spark.js';
import { rowsOfDays, rowsOfIds, sumsOfDays, type ComparedVersion, type DaySpan } from '../sql/comparison.js';
import type { Sql } from '../sql/text.js';
import type { Application } from '../submit/driver-request.js';
import type { JsonObject } from '../types.js';
import type { ComparedTable, PinnedTable } from './compared-tables.js';
import type { Day, DaySum } from './day-sums.js';
import type { ReconcileParts } from './parts.js';

/** A row of the lake; months are for the ledger, should it not know that the row is there. */
export interface LakeRow {
  readonly id: string;
  /** Microseconds; null: the row has none. */
  readonly rev: bigint | null;
  readonly month: string | null;
}

/** A driver that is lost is no reason to begin the whole comparison again. */
const MOST_TRIES = 3;

/**
 * Reads tables by Spark, at versions that are pinned, through the same runs and claims as everything else. Answers are
 * files beside the run, read line by line: a driver's result holds one row.
 */
export class LakeReader {
  readonly #parts: ReconcileParts;
  readonly #folder: string;
  readonly #rows: number;
  readonly #signal: AbortSignal;
  #asked = 0;

  /** @param rows of all tables together: large lakes get executors */
  constructor(parts: ReconcileParts, folder: string, rows: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#parts = parts;
    this.#folder = folder;
    this.#rows = rows;
  }

  async sums(
    pinned: readonly PinnedTable[],
    span: DaySpan | null,
    onSum: (table: ComparedTable, day: Day, sum: DaySum) => void,
  ): Promise<void> {
    const question = (_: PinnedTable, of: ComparedVersion): Sql => sumsOfDays(of, span);
    await this.#ask(pinned, question, (table, line) => {
      const { day, rows, sum } = line;
      onSum(table, typeof day === 'number' ? day : null, {
        rows: Number(rows),
        sum: BigInt(typeof sum === 'string' ? sum : 0),
      });
    });
  }

  /** Rows of some days, and perhaps of days in between. */
  async rowsOfDays(
    pinned: readonly PinnedTable[],
    daysOf: (table: ComparedTable) => readonly Day[],
    onRow: (table: ComparedTable, row: LakeRow) => void,
  ): Promise<void> {
    const wanted = pinned.filter(({ table }) => daysOf(table).length > 0);
    const question = ({ table }: PinnedTable, of: ComparedVersion): Sql => rowsOfDays(of, daysOf(table));
    await this.#ask(wanted, question, (table, line) => {
      onRow(table, rowOf(line));
    });
  }

  async rowsOfIds(
    pinned: readonly PinnedTable[],
    idsOf: (table: ComparedTable) => readonly string[],
    onRow: (table: ComparedTable, row: LakeRow) => void,
  ): Promise<void> {
    const { checkpoint } = this.#parts;
    const folder = `${this.#folder}/ids-${++this.#asked}`;
    const wanted = pinned.filter(({ table }) => idsOf(table).length > 0);
    const urls = new Map<ComparedTable, string>();
    for (const [at, { table }] of wanted.entries()) {
      const lines = idsOf(table).map((id) => JSON.stringify({ id }));
      await checkpoint.write(`${folder}/${at}/ids.json`, `${lines.join('\n')}\n`);
      urls.set(table, `${checkpoint.url}/${folder}/${at}`);
    }
    const question = ({ table }: PinnedTable, of: ComparedVersion): Sql =>
      rowsOfIds(of, urls.get(table) ?? '');
    await this.#ask(wanted, question, (table, line) => {
      onRow(table, rowOf(line));
    });
  }

  /** What was written on the way; nothing of it is needed any more. */
  async close(): Promise<void> {
    await this.#parts.checkpoint.deleteFolder(this.#folder);
  }

  async #ask(
    pinned: readonly PinnedTable[],
    question: (of: PinnedTable, version: ComparedVersion) => Sql,
    onLine: (table: ComparedTable, line: JsonObject) => void,
  ): Promise<void> {
    if (pinned.length === 0) return;
    const path = await this.#run(pinned, question);
    for (const [at, { table }] of pinned.entries())
      for await (const line of this.#lines(`${path}/answers/${at}`)) onLine(table, line);
    await this.#parts.checkpoint.deleteFolder(path);
  }

  /** @returns the folder of the run @throws LakeError QUERY_FAILED */
  async #run(
    pinned: readonly PinnedTable[],
    question: (of: PinnedTable, version: ComparedVersion) => Sql,
  ): Promise<string> {
    const { checkpoint, lake } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const runId = `reconcile-${randomUUID()}`;
      const path = `${this.#folder}/${runId}`;
      const lanes = pinned.map((each, at) => {
        const directoryUrl = `${checkpoint.url}/${path}/answers/${at}`;
        const tableUrl = `${lake.url}/${each.table.path ?? ''}`;
        const sql = question(each, { tableUrl, version: each.version, directoryUrl });
        return { laneId: BigInt(at), tableName: each.table.name, script: `${sql}\n;\n` };
      });
      const application = this.#application();
      const run = { runId, path, lanes, ...(application === undefined ? {} : { application }) };
      const { state, lanes: outcomes } = await runOnSpark(this.#parts, run, this.#signal);
      this.#signal.throwIfAborted();
      const failed = [...outcomes.values()].map(({ failure }) => failure).find((each) => each !== undefined);
      if (state === 'done' && failed === undefined && outcomes.size === lanes.length) return path;
      const why = failed?.reason ?? `the run ended as ${state}`;
      if (attempt >= MOST_TRIES || failed?.failureClass === 'bug')
        throw new LakeError('QUERY_FAILED', `Spark did not read the lake: ${why}`, { facts: { runId } });
      this.#parts.logger.warn('lake not read, to be tried again', { runId, reason: why });
    }
  }

  #application(): Application | undefined {
    if (this.#rows <= this.#parts.environment.SPARK_LOCAL_MAX_ROWS) return undefined;
    return { group: 'reconcile', name: 'dimagi-lake reconcile', size: 'large' };
  }

  async *#lines(folder: string): AsyncGenerator<JsonObject> {
    const { checkpoint } = this.#parts;
    for (const { name } of await checkpoint.list(folder)) {
      if (!name.startsWith('part-')) continue;
      const input = Readable.from(await checkpoint.readStream(`${folder}/${name}`));
      for await (const line of createInterface({ input, crlfDelay: Infinity }))
        if (line !== '') yield JSON.parse(line) as JsonObject;
    }
  }
}

function rowOf({ id, rev, month }: JsonObject): LakeRow {
  return {
    id: typeof id === 'string' ? id : '',
    rev: typeof rev === 'string' ? BigInt(rev) : null,
    month: typeof month === 'string' ? month : null,
  };
}
