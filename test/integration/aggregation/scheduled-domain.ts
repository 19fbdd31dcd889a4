import type { Model } from '../../../orchestrator/aggregation/model.js';
import { addMonths, monthIn, type Month } from '../../../orchestrator/aggregation/months.js';
import { readMonthStates } from '../../../orchestrator/aggregation/read-states.js';
import type { MonthStates } from '../../../orchestrator/aggregation/month-states.js';
import type { RunOne } from '../../../orchestrator/aggregation/run-graph.js';
import type { ScheduleParts } from '../../../orchestrator/aggregation/schedule.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { ledgerNow, monthPublished } from '../../../orchestrator/ledger/aggregation-months.js';
import { commitBatch } from '../../../orchestrator/ledger/committing.js';
import { laneMerged, readLanes } from '../../../orchestrator/ledger/lanes.js';
import { scheduleRunBegun, scheduleRunEnded } from '../../../orchestrator/ledger/schedule-runs.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { model } from '../../unit/aggregation/programme-models.js';
import { lease, table, TopicUnderTest, type FreshLedger } from '../ledger/fresh-ledger.js';

const SOURCE = 'raw_x_case';
const MODELS: readonly Model[] = [
  model('base', { [SOURCE]: 'same' }, { base: 'previous' }),
  model('sums', {}, { base: 'same' }),
];

/** A domain whose months are due on each first of a month, with a lake table and two aggregations of it. */
export class ScheduledDomain {
  readonly ledger: FreshLedger;
  readonly domain: string;
  /** The month it is now. */
  readonly now: Month;
  /** `table month` in the order they were published. */
  readonly computed: string[] = [];
  readonly #topic: TopicUnderTest;
  readonly #tableId: bigint;
  #version = 0n;
  #runs = 0n;

  private constructor(
    ledger: FreshLedger,
    domain: string,
    topic: TopicUnderTest,
    tableId: bigint,
    now: Month,
  ) {
    [this.ledger, this.domain, this.now] = [ledger, domain, now];
    [this.#topic, this.#tableId] = [topic, tableId];
  }

  static async open(ledger: FreshLedger, domain: string): Promise<ScheduledDomain> {
    const topic = await TopicUnderTest.open(ledger.database, domain);
    const now = monthIn(await ledgerNow(ledger.database), 'UTC');
    return new ScheduledDomain(ledger, domain, topic, await table(ledger.database, domain, 'x'), now);
  }

  ago(months: number): Month {
    return addMonths(this.now, -months);
  }

  /** A batch brings a record of each month. */
  async touch(...months: Month[]): Promise<void> {
    const { database } = this.ledger;
    const batch = await this.#topic.plan();
    const places = months.map((month) => {
      const recordId = `${batch.id}-${month}`;
      const of = { kind: 'case', domain: this.domain, tableId: this.#tableId } as const;
      return { ...of, recordId, op: 'upsert', month, rev: null } as const;
    });
    const lanes = [{ tableId: this.#tableId, upserts: places.length, deletes: 0 }];
    await this.#topic.stage(batch, { lanes, places: [places] });
    this.#version += 1n;
    const facts = { inserted: 1, updated: 0, deleted: 0, refused: 0, seconds: 1, runId: null };
    for (const lane of await readLanes(database, batch.id))
      await database.transaction((tx) => laneMerged(tx, lane.id, { ...facts, deltaVersion: this.#version }));
    const held = await lease(database, `merge:${batch.id}`);
    await database.transaction((tx) => commitBatch(tx, held, batch));
  }

  /** As if the schedule had last done this month. */
  async lastDone(month: Month): Promise<void> {
    await this.ledger.database.transaction(async (tx) => {
      await scheduleRunBegun(tx, this.domain, month);
      await scheduleRunEnded(tx, this.domain, month, { computed: 0, failure: null });
    });
  }

  /** Notes the publication in the ledger, as the last step of a computation does. */
  readonly publish: RunOne = async ({ table: name, sha256 }, domain, month) => {
    this.#runs += 1n;
    const version = this.#runs;
    const sources = new Map([
      [SOURCE, this.#version],
      ['base', version],
    ]);
    const run = { runId: version, sources, deltaVersion: version, rows: 1n };
    const { configVersionId } = this.#topic;
    await this.ledger.database.transaction((tx) =>
      monthPublished(tx, { domain, table: name, month, ...run, modelSha256: sha256, configVersionId }),
    );
    this.computed.push(`${name} ${month ?? '-'}`);
  };

  /** A process of its own. */
  parts(owner: string, runOne: RunOne = this.publish, closeAfter = 12): ScheduleParts {
    const schedule = `{schedule: {day: 1, hour: 0}, close_after: ${closeAfter}}`;
    const config = parseLakeConfig(
      `domains:\n  ${this.domain}:\n    cases: {'*': {}}\n    aggregations: ${schedule}\n`,
    );
    return {
      ...{ database: this.ledger.database, owner, logger: createLogger({ level: 'error' }), models: MODELS },
      ...{ config, configVersionId: this.#topic.configVersionId, parallelism: 2, runOne },
      configOf: () => Promise.resolve(config),
    };
  }

  states(): Promise<MonthStates> {
    return readMonthStates({ ...this.parts('reader'), domain: this.domain });
  }
}
