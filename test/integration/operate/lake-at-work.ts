import type { Batch } from '../../../orchestrator/ledger/batches.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { laneMerged, readLanes, type MergeFacts } from '../../../orchestrator/ledger/lanes.js';
import type { StagedBatch } from '../../../orchestrator/ledger/staging.js';
import { lease, type FreshLedger, type TopicUnderTest } from '../ledger/fresh-ledger.js';

/** Batches through the real ledger, with what Spark would have said of them. */
export class LakeAtWork {
  readonly #ledger: FreshLedger;
  #version = 0n;

  constructor(ledger: FreshLedger) {
    this.#ledger = ledger;
  }

  async stage(
    topic: TopicUnderTest,
    tables: readonly bigint[],
    more: Partial<StagedBatch> = {},
  ): Promise<Batch> {
    const batch = await topic.plan();
    await topic.stage(batch, {
      lanes: tables.map((tableId) => ({ tableId, upserts: 1, deletes: 0 })),
      ...more,
    });
    return batch;
  }

  async merge(batch: Batch, facts: Partial<MergeFacts> = {}): Promise<void> {
    const { database } = this.#ledger;
    for (const lane of await readLanes(database, batch.id)) {
      this.#version += 1n;
      const merged = {
        ...{ inserted: 3, updated: 2, deleted: 1, refused: 1, seconds: 1.5, runId: null },
        ...facts,
        deltaVersion: this.#version,
      };
      await database.transaction((tx) => laneMerged(tx, lane.id, merged));
    }
  }

  async commit(batch: Batch): Promise<void> {
    const held = await lease(this.#ledger.database, `merge:${batch.id}`);
    await this.#ledger.database.transaction((tx) => commitBatch(tx, held, batch));
  }
}
