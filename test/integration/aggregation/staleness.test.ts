import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readMonthStates } from '../../../orchestrator/aggregation/read-states.js';
import type { MonthStates } from '../../../orchestrator/aggregation/month-states.js';
import type { LakeConfig } from '../../../orchestrator/config/lake.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { monthFailed, monthPublished } from '../../../orchestrator/ledger/aggregation-months.js';
import type { Batch } from '../../../orchestrator/ledger/batches.js';
import { extractAgain, readBatch } from '../../../orchestrator/ledger/batches.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { laneMerged, readLanes, type MergeFacts } from '../../../orchestrator/ledger/lanes.js';
import type { StagedPlace } from '../../../orchestrator/ledger/places.js';
import { addSchemaChanges } from '../../../orchestrator/ledger/schema-changes.js';
import { sourceChanges } from '../../../orchestrator/ledger/source-changes.js';
import { model } from '../../unit/aggregation/programme-models.js';
import { lease, openLedger, table, TopicUnderTest, type FreshLedger } from '../ledger/fresh-ledger.js';

const [JAN, FEB, MAR] = ['2024-01-01', '2024-02-01', '2024-03-01'] as const;
const MERGED: MergeFacts = {
  deltaVersion: 1n,
  inserted: 1,
  updated: 0,
  deleted: 0,
  refused: 0,
  seconds: 1,
  runId: null,
};

/** A domain with one lake table `raw_<type>_case`, its batches, and models that read it by each rule. */
class World {
  readonly #ledger: FreshLedger;
  readonly #topic: TopicUnderTest;
  readonly domain: string;
  readonly tableId: bigint;
  readonly source: string;
  #version = 0n;

  private constructor(ledger: FreshLedger, topic: TopicUnderTest, domain: string, tableId: bigint) {
    [this.#ledger, this.#topic, this.domain, this.tableId] = [ledger, topic, domain, tableId];
    this.source = 'raw_x_case';
  }

  static async open(ledger: FreshLedger, domain: string): Promise<World> {
    const topic = await TopicUnderTest.open(ledger.database, domain);
    return new World(ledger, topic, domain, await table(ledger.database, domain, 'x'));
  }

  get version(): bigint {
    return this.#version;
  }

  place(recordId: string, month: string | null, op: 'upsert' | 'delete' = 'upsert'): StagedPlace {
    return { kind: 'case', domain: this.domain, recordId, tableId: this.tableId, op, month, rev: null };
  }

  async stage(...places: StagedPlace[]): Promise<Batch> {
    const batch = await this.#topic.plan();
    await this.stageAgain(batch, ...places);
    return readBatch(this.#ledger.database, batch.id);
  }

  async stageAgain(batch: Batch, ...places: StagedPlace[]): Promise<void> {
    const now = await readBatch(this.#ledger.database, batch.id);
    const lanes = [{ tableId: this.tableId, upserts: places.length, deletes: 0 }];
    await this.#ledger.database.query(
      "UPDATE lease SET expires_at = now() - interval '1 s' WHERE name = $1",
      [`stage:${batch.id}`],
    );
    await this.#topic.stage(now, { lanes, places: [places] });
  }

  async merge(batch: Batch, facts: Partial<MergeFacts> = {}): Promise<void> {
    this.#version += 1n;
    for (const lane of await readLanes(this.#ledger.database, batch.id))
      await this.#ledger.database.transaction((tx) =>
        laneMerged(tx, lane.id, { ...MERGED, deltaVersion: this.#version, ...facts }),
      );
  }

  async commit(batch: Batch): Promise<void> {
    const held = await lease(this.#ledger.database, `merge:${batch.id}`);
    assert.ok(await this.#ledger.database.transaction((tx) => commitBatch(tx, held, batch)));
  }

  async change(...places: StagedPlace[]): Promise<Batch> {
    const batch = await this.stage(...places);
    await this.merge(batch);
    await this.commit(batch);
    return batch;
  }

  /** Publishes months of the models that read the table by each rule, as read at a version. */
  async publish(pin: bigint, months: readonly string[]): Promise<void> {
    for (const month of months)
      for (const rule of RULES)
        await this.#ledger.database.transaction((tx) =>
          monthPublished(tx, {
            domain: this.domain,
            table: rule,
            month,
            runId: 1n,
            sources: new Map([[this.source, pin]]),
            deltaVersion: 0n,
            rows: 1n,
            modelSha256: `${rule}-1`,
            configVersionId: this.#topic.configVersionId,
          }),
        );
  }

  get config(): LakeConfig {
    return parseLakeConfig(`domains:\n  ${this.domain}:\n    cases: {'*': {}}\n`);
  }

  async states(): Promise<MonthStates> {
    return readMonthStates({
      database: this.#ledger.database,
      models: RULES.map((rule) => model(rule, { [this.source]: rule })),
      domain: this.domain,
      config: this.config,
      configOf: () => Promise.resolve(this.config),
    });
  }

  /** `same 01`: that model's month is stale. */
  async stale(): Promise<string[]> {
    const states = (await this.states()).all().filter((state) => state.state === 'stale');
    return states.map((state) => `${state.table} ${state.month?.slice(5, 7) ?? '-'}`);
  }
}

const RULES = ['same', 'from', 'all'] as const;
const EVERY = RULES.flatMap((rule) => ['01', '02', '03'].map((month) => `${rule} ${month}`));
const OF_ALL = ['all 01', 'all 02', 'all 03'];

describe('what a committed batch makes stale', () => {
  let ledger: FreshLedger;
  before(async () => {
    ledger = await openLedger();
  });
  after(async () => {
    await ledger.close();
  });

  /** A world with a record of each month, all three published as they are. */
  const filled = async (domain: string): Promise<World> => {
    const world = await World.open(ledger, domain);
    await world.change(world.place('a', JAN), world.place('b', FEB), world.place('c', MAR));
    await world.publish(world.version, [JAN, FEB, MAR]);
    assert.deepEqual(await world.stale(), []);
    return world;
  };

  test('a late record: its month, by each rule', async () => {
    const world = await filled('late');
    const batch = await world.change(world.place('d', FEB));
    assert.deepEqual(await world.stale(), ['same 02', 'from 02', 'from 03', ...OF_ALL]);
    assert.deepEqual((await world.states()).of('same', FEB).reasons, [
      `raw_x_case: 1 row by batch ${batch.id}`,
    ]);
  });

  test('a deleted record: the months it was in', async () => {
    const world = await filled('deleted');
    await world.change(world.place('b', null, 'delete'));
    assert.deepEqual(await world.stale(), ['same 02', 'from 02', 'from 03', ...OF_ALL]);
  });

  test('a record that moved: the month it left and the one it came to', async () => {
    const world = await filled('moved');
    await world.change(world.place('c', JAN));
    assert.deepEqual(await world.stale(), ['same 01', 'same 03', 'from 01', 'from 02', 'from 03', ...OF_ALL]);
  });

  test('a record without a month: every month', async () => {
    const world = await filled('dateless');
    await world.change(world.place('e', null));
    assert.deepEqual(await world.stale(), EVERY);
  });

  test('a lane that changed no row: none', async () => {
    const world = await filled('refused');
    const batch = await world.stage(world.place('b', FEB));
    await world.merge(batch, { inserted: 0, refused: 1 });
    await world.commit(batch);
    assert.deepEqual(await world.stale(), []);
  });

  test('a lane that turned a column into another type: every month, even without a changed row', async () => {
    const world = await filled('retyped');
    const batch = await world.stage(world.place('b', FEB));
    await world.merge(batch, { inserted: 0 });
    const at = { tableId: world.tableId, batchId: batch.id, deltaVersion: world.version };
    const of = { column: 'case_json__x', recordId: null, partition: null, offset: null, reread: false };
    const typed = { ...of, change: 'type', from: 'string', to: 'long' } as const;
    await ledger.database.transaction((tx) => addSchemaChanges(tx, at, [typed]));
    await world.commit(batch);
    assert.deepEqual(await world.stale(), EVERY);
  });

  test('a lane that was staged before its months were noted: every month', async () => {
    const world = await filled('older');
    const batch = await world.stage(world.place('b', FEB));
    await ledger.database.query('DELETE FROM staged_month WHERE batch_id = $1', [batch.id]);
    await world.merge(batch);
    await world.commit(batch);
    assert.deepEqual(await world.stale(), EVERY);
  });

  test('a batch that was extracted again: the months of both extractions', async () => {
    const world = await filled('again');
    const batch = await world.stage(world.place('d', JAN));
    await ledger.database.transaction((tx) => extractAgain(tx, batch.id));
    await world.stageAgain(batch, world.place('e', MAR));
    await world.merge(batch);
    await world.commit(batch);
    const stale = await world.stale();
    assert.ok(stale.includes('same 01') && stale.includes('same 03'));
  });

  test('rows that can be read count although their batch waits for another table', async () => {
    const world = await filled('waiting');
    const batch = await world.stage(world.place('d', FEB));
    assert.deepEqual(await world.stale(), []);
    await world.merge(batch);
    assert.ok((await world.stale()).includes('same 02'));
    await world.commit(batch);
    assert.ok((await world.stale()).includes('same 02'));
    assert.deepEqual(
      await ledger.database.query('SELECT 1 FROM staged_month WHERE batch_id = $1', [batch.id]),
      [],
    );
  });

  test('batches that commit out of their order leave the newest version', async () => {
    const world = await filled('unordered');
    const [first, second] = [
      await world.stage(world.place('d', FEB)),
      await world.stage(world.place('e', FEB)),
    ];
    await world.merge(first);
    await world.merge(second);
    await world.commit(second);
    await world.commit(first);
    const changes = await sourceChanges(ledger.database, world.domain);
    assert.deepEqual(
      changes.filter((each) => each.month === FEB).map((each) => each.deltaVersion),
      [world.version],
    );
  });

  test('a change between pin and publication stays, one before the pin does not', async () => {
    const world = await filled('race');
    const pinned = world.version;
    await world.change(world.place('d', FEB));
    await world.publish(pinned, [FEB]);
    assert.ok((await world.stale()).includes('same 02'), 'what came after the pin was not read');
    const batch = await world.stage(world.place('e', FEB));
    await world.merge(batch);
    await world.publish(world.version, [JAN, FEB, MAR]);
    await world.commit(batch);
    assert.deepEqual(await world.stale(), [], 'what was read is none, whenever its batch commits');
  });

  test('a first publication with a change after its pin is stale from the start', async () => {
    const world = await World.open(ledger, 'first');
    await world.change(world.place('a', JAN));
    const pinned = world.version;
    await world.change(world.place('b', JAN));
    await world.publish(pinned, [JAN]);
    assert.ok((await world.stale()).includes('same 01'));
  });

  test('a failure is told until the month is published, and an older run publishes over no newer one', async () => {
    const world = await filled('failing');
    const failure = { domain: world.domain, table: 'same', month: JAN, code: 'AUDIT_FAILED', reason: 'keys' };
    await monthFailed(ledger.database, failure);
    assert.equal((await world.states()).of('same', JAN).failure?.code, 'AUDIT_FAILED');
    await world.publish(world.version, [JAN]);
    assert.equal((await world.states()).of('same', JAN).failure, null);
    await ledger.database.query("UPDATE aggregation_month SET run_id = 7 WHERE domain = 'failing'");
    const old = {
      ...{ domain: world.domain, table: 'same', month: JAN, runId: 6n, sources: new Map<string, bigint>() },
      ...{ deltaVersion: 9n, rows: 0n, modelSha256: '', configVersionId: 1n },
    };
    assert.equal(await ledger.database.transaction((tx) => monthPublished(tx, old)), false);
    assert.deepEqual(await world.stale(), []);
  });
});
