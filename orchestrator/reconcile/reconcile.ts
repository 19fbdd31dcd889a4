import { asLakeError, LakeError } from '../errors.js';
import { withLeases } from '../ledger/leases.js';
import {
  beginReconcile,
  endReconcile,
  noteStep,
  putBack,
  writeFindings,
  type DayFacts,
  type TableFacts,
} from '../ledger/reconciles.js';
import { momentNow } from '../pipeline/follow-types.js';
import { TOPIC_OF_KIND } from '../types.js';
import { comparedTables, pinTables } from './compared-tables.js';
import { DaySums } from './day-sums.js';
import { dayText } from './digest.js';
import type { Candidate } from './judge.js';
import { rememberLeftOut, withoutLeftOut } from './left-out.js';
import { allDifferingDays, hqSums, keyOf, listCandidates } from './list-candidates.js';
import type { ReconcileAsk, ReconcileParts } from './parts.js';
import { prove, type Finding } from './prove.js';
import { LakeReader } from './read-lake.js';
import { askForRepair, waitForRepair, type Repaired } from './repair.js';
import { dayFacts, findingLines, tableFacts, totalsOf, type Outcome } from './report.js';
import { sortOut } from './sort-out.js';

/** What a run has found and done. */
export interface Report {
  readonly id: bigint;
  readonly tables: readonly TableFacts[];
  readonly days: readonly DayFacts[];
  /** Findings that are not mended. */
  readonly differences: number;
  /** Records of which nothing is said. */
  readonly unjudged: number;
  /** Ids of all findings, relative to CHECKPOINT_BASE_DIR; null: there are none. */
  readonly findingsPath: string | null;
  /** Requests by which records were read again. */
  readonly requests: readonly bigint[];
  readonly repair: Repaired | null;
}

export type OnStep = (step: string) => void;

/**
 * Compares HQ and the lake, and mends what is wrong when it is asked to (decision 0023):
 *
 *   sums        both sides: rows and a sum of digests per table and day of the revision
 *   candidates  ids and revisions of the days that differ: the records that are not the same
 *   proof       which of them are wrong, and not just on their way
 *   sort out    which of those lake.yaml keeps out, or cannot be read
 *   repair      the rest is read from HQ again, page by page, and proved once more
 *
 * @param waiting a run that was asked for and stands in the ledger
 * @throws LakeError SCOPE_INVALID, RECONCILE_RUNNING, QUERY_FAILED and what reading HQ and Kafka throws
 */
export async function reconcile(
  parts: ReconcileParts,
  ask: ReconcileAsk,
  signal: AbortSignal,
  onStep: OnStep,
  waiting?: bigint,
): Promise<Report> {
  const { database, owner } = parts;
  await comparedTables(parts, ask);
  const report = await withLeases(database, [`reconcile:${ask.domain}`], owner, async (_, lost) => {
    const id = await database.transaction((tx) =>
      beginReconcile(tx, { ...ask, ...daysOf(ask.span) }, waiting),
    );
    if (id === undefined) throw new LakeError('CANCELLED', `reconcile-${waiting ?? ''} was cancelled`);
    try {
      const done = await new Reconcile(parts, ask, id, AbortSignal.any([signal, lost]), onStep).run();
      await endReconcile(database, id, 'done', null);
      return done;
    } catch (thrown) {
      const error = signal.aborted
        ? new LakeError('CANCELLED', `reconcile-${id} was stopped before it was done`, { cause: thrown })
        : asLakeError(thrown);
      const state = error.code === 'CANCELLED' ? 'cancelled' : 'failed';
      // What was asked for goes on when a process is there for it again.
      const ended =
        waiting !== undefined && signal.aborted
          ? putBack(database, id)
          : endReconcile(database, id, state, { code: error.code, text: error.message });
      await ended.catch(() => undefined);
      throw error;
    }
  });
  if (report !== undefined) return report;
  throw new LakeError('RECONCILE_RUNNING', `Another process compares "${ask.domain}" just now`, {
    facts: { domain: ask.domain },
  });
}

/** ISO dates. */
function daysOf(span: ReconcileAsk['span']): { from: string | null; until: string | null } {
  return span === null
    ? { from: null, until: null }
    : { from: dayText(span.from), until: dayText(span.until) };
}

class Reconcile {
  readonly #parts: ReconcileParts;
  readonly #ask: ReconcileAsk;
  readonly #id: bigint;
  readonly #signal: AbortSignal;
  readonly #onStep: OnStep;

  constructor(parts: ReconcileParts, ask: ReconcileAsk, id: bigint, signal: AbortSignal, onStep: OnStep) {
    this.#parts = parts;
    this.#ask = ask;
    this.#id = id;
    this.#signal = signal;
    this.#onStep = onStep;
  }

  async run(): Promise<Report> {
    const folder = `reconciles/${this.#id}`;
    await this.#step('reading sums of HQ');
    const tables = await comparedTables(this.#parts, this.#ask);
    const hq = await hqSums(this.#parts, this.#ask, tables, await this.#moment());
    const total = tables.all().reduce((sum, table) => sum + hq.rows(table), 0);
    const reader = new LakeReader(this.#parts, `${folder}/spark`, total, this.#signal);
    try {
      const outcome = await this.#compare(reader, tables, hq);
      const path = await this.#write(outcome, folder);
      const { findings } = outcome.sorted;
      if (!this.#ask.repair || findings.length === 0) return this.#report(outcome, path, [], null);
      await this.#step(`repairing ${findings.length} records`);
      const requests = await askForRepair(this.#parts, this.#id, this.#ask, findings);
      const topics = [...new Set(findings.map(({ candidate }) => TOPIC_OF_KIND[candidate.table.kind]))];
      const repair = await waitForRepair(
        this.#parts,
        this.#ask,
        requests,
        topics,
        this.#signal,
        this.#onStep,
      );
      const after = await this.#proveRepaired(reader, outcome);
      return this.#report(after, await this.#write(after, folder), requests, repair);
    } finally {
      await reader.close().catch(() => undefined);
    }
  }

  async #compare(reader: LakeReader, tables: Outcome['tables'], hq: DaySums): Promise<Outcome> {
    await this.#step('reading sums of the lake');
    const pinned = await pinTables(this.#parts, tables.all());
    const lake = new DaySums();
    await reader.sums(pinned, this.#ask.span, (table, day, sum) => {
      lake.add(table, day, sum);
    });
    const kept = await withoutLeftOut(this.#parts, this.#ask.domain, tables, hq);
    const differing = allDifferingDays(tables, kept, lake);
    await this.#step(`reading ids of ${differing.length} days`);
    const listed = await listCandidates(
      this.#parts,
      reader,
      this.#ask,
      tables,
      pinned,
      differing,
      await this.#moment(),
    );
    const hqReadAt = Date.now();
    await this.#step(`proving ${listed.candidates.length} records`);
    const seen = { candidates: listed.candidates, hqReadAt };
    const proven = await prove(this.#parts, reader, this.#ask, seen, this.#signal);
    const sorted = await sortOut(this.#parts, this.#ask.domain, tables, proven, this.#signal);
    const looked = differing.filter(({ table }) => !listed.left.has(table));
    await rememberLeftOut(this.#parts, this.#ask.domain, looked, sorted.leftOut);
    return {
      ...{ tables, pinned, hq, lake, differing, sorted },
      left: listed.left,
      repaired: new Set(),
      setAsideByRepair: [],
    };
  }

  /** The same proof once more: what it does not find wrong any more is mended. */
  async #proveRepaired(reader: LakeReader, outcome: Outcome): Promise<Outcome> {
    await this.#step('proving what was repaired');
    const { findings } = outcome.sorted;
    const seen = { candidates: await this.#asNow(findings), hqReadAt: Date.now() };
    const proven = await prove(this.#parts, reader, this.#ask, seen, this.#signal);
    const again = await sortOut(this.#parts, this.#ask.domain, outcome.tables, proven, this.#signal);
    const open = new Set(
      [
        ...again.findings.map(({ candidate }) => candidate),
        ...again.unjudged.map(({ candidate }) => candidate),
        ...again.setAside,
      ].map(({ table, id }) => keyOf(table, id)),
    );
    const keys = findings.map(({ candidate }) => keyOf(candidate.table, candidate.id));
    return {
      ...outcome,
      repaired: new Set(keys.filter((key) => !open.has(key))),
      setAsideByRepair: again.setAside,
    };
  }

  /** The findings with what HQ says of them now: what counts is that the lake follows it. */
  async #asNow(findings: readonly Finding[]): Promise<Candidate[]> {
    const moment = await this.#moment();
    const candidates: Candidate[] = [];
    for (const kind of new Set(findings.map(({ candidate }) => candidate.table.kind))) {
      const own = findings.map(({ candidate }) => candidate).filter(({ table }) => table.kind === kind);
      const ids = [...new Set(own.map(({ id }) => id))];
      const now = await this.#parts.hq.revisions.of(kind, this.#ask.domain, ids, moment);
      for (const each of own) {
        const found = now.get(each.id);
        candidates.push({ ...each, hq: found?.type === each.table.type ? found.rev : null });
      }
    }
    return candidates;
  }

  async #write(outcome: Outcome, folder: string): Promise<string | null> {
    const lines = findingLines(outcome.sorted);
    const path = lines === '' ? null : `${folder}/findings.ndjson`;
    if (path !== null) await this.#parts.checkpoint.write(path, lines);
    await this.#parts.database.transaction((tx) =>
      writeFindings(tx, this.#id, tableFacts(outcome), dayFacts(outcome.sorted.findings), {
        findingsPath: path,
        ...totalsOf(outcome),
      }),
    );
    return path;
  }

  #report(
    outcome: Outcome,
    findingsPath: string | null,
    requests: readonly bigint[],
    repair: Repaired | null,
  ): Report {
    return {
      id: this.#id,
      tables: tableFacts(outcome),
      days: dayFacts(outcome.sorted.findings),
      ...totalsOf(outcome),
      ...{ findingsPath, requests, repair },
    };
  }

  async #moment(): ReturnType<typeof momentNow> {
    return momentNow(this.#parts.database, this.#signal);
  }

  async #step(step: string): Promise<void> {
    this.#signal.throwIfAborted();
    this.#onStep(step);
    if (await noteStep(this.#parts.database, this.#id, step)) return;
    throw new LakeError('CANCELLED', `reconcile-${this.#id} was cancelled`);
  }
}
