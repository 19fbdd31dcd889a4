import type { LedgerDatabase } from '../ledger/database.js';
import { committedOffsets } from '../ledger/planning.js';
import { topicWork, type Since, type TopicWork } from '../ledger/work-done.js';
import type { Targets } from './until-done.js';
import { withCommas } from './terminal/print.js';
import { clockTime, type StatusLine } from './terminal/status-line.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Shows on a status line how far ingestion is; where nobody sees one the ledger is not asked either.
 */
export class IngestionProgress {
  readonly #line: StatusLine;
  readonly #database: LedgerDatabase;
  readonly #since: readonly Since[];
  readonly #began = Date.now();
  #lookedAt = 0;

  constructor(line: StatusLine, database: LedgerDatabase, since: readonly Since[]) {
    this.#line = line;
    this.#database = database;
    this.#since = since;
  }

  get isVisible(): boolean {
    return this.#line.isVisible;
  }

  async look(targets: Targets): Promise<void> {
    if (!this.#line.isVisible || Date.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = Date.now();
    const works = await Promise.all(this.#since.map((since) => topicWork(this.#database, since)));
    const left = await Promise.all(
      [...targets].map(async ([topic, marks]) =>
        messagesLeft(await committedOffsets(this.#database, topic), marks),
      ),
    );
    const topics = this.#since.map(({ topic }) => topic).join(', ');
    const lag = left.reduce((sum, each) => sum + each, 0n);
    this.#line.show(`${topics}: ${progressText(sumOf(works), lag)} · ${clockTime(Date.now() - this.#began)}`);
  }
}

/** Messages below the high watermarks that are not committed yet. */
export function messagesLeft(
  committed: ReadonlyMap<number, bigint>,
  watermarks: ReadonlyMap<number, { readonly low: bigint; readonly high: bigint }>,
): bigint {
  return [...watermarks].reduce((sum, [partition, { low, high }]) => {
    const done = committed.get(partition) ?? low;
    return done < high ? sum + high - done : sum;
  }, 0n);
}

/** Stages that hold nothing are left out. */
export function progressText(work: TopicWork, left: bigint): string {
  const stages = (['halted', 'planned', 'staged', 'merging', 'committed'] as const)
    .filter((stage) => work[stage] > 0)
    .map((stage) => `${withCommas(work[stage])} ${stage}`);
  const batches = stages.length === 0 ? 'no batch yet' : `batches ${stages.join(', ')}`;
  return `${batches} · ${withCommas(left)} messages left · ${withCommas(work.rows)} rows merged`;
}

function sumOf(works: readonly TopicWork[]): TopicWork {
  const sum = (pick: (work: TopicWork) => number): number =>
    works.reduce((total, work) => total + pick(work), 0);
  return {
    planned: sum((work) => work.planned),
    staged: sum((work) => work.staged),
    merging: sum((work) => work.merging),
    halted: sum((work) => work.halted),
    committed: sum((work) => work.committed),
    messages: sum((work) => work.messages),
    rows: sum((work) => work.rows),
    quarantined: sum((work) => work.quarantined),
    oddMessages: sum((work) => work.oddMessages),
  };
}
