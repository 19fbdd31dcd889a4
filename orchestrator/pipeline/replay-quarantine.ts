import type { LedgerDatabase } from '../ledger/database.js';
import { ensureTopic, planPage } from '../ledger/planning.js';
import { openQuarantine, type QuarantineFilter } from '../ledger/quarantine.js';
import { writeIds } from '../plan/id-manifest.js';
import type { Storage } from '../storage/storage.js';
import type { Topic } from '../types.js';

/** Records planned in one page: a page is a small batch, so that live changes never wait long. */
const RECORDS_PER_PAGE = 5_000;

/** A page that was planned. */
export interface ReplayPage {
  readonly topic: Topic;
  readonly batch: string;
  readonly records: number;
}

/**
 * Plans pages that read the topic's open records of the filter from HQ again. Plans only: the processes that ingest the topic do
 * them, in their sequence.
 */
export async function* replayPages(
  database: LedgerDatabase,
  checkpoint: Storage,
  topic: Topic,
  filter: QuarantineFilter,
): AsyncGenerator<ReplayPage> {
  let after = 0n;
  for (;;) {
    const open = await openQuarantine(database, filter, RECORDS_PER_PAGE, after);
    const last = open.at(-1);
    if (last === undefined) return;
    after = last.id;
    const entries = open.map(({ domain, recordId: id, partition, offset }) => ({
      domain,
      id,
      partition,
      offset,
    }));
    const written = await writeIds(checkpoint, entries);
    await ensureTopic(database, topic);
    const batch = await database.transaction((tx) => planPage(tx, { topic, kind: 'replay', ...written }));
    yield { topic, batch: batch.toString(), records: open.length };
  }
}
