import type {
  Model,
  ModelNeed,
  ModelSource,
  TouchedMonths,
} from '../../../orchestrator/aggregation/model.js';
import { MonthStates } from '../../../orchestrator/aggregation/month-states.js';
import type { MonthFacts } from '../../../orchestrator/aggregation/month-facts.js';
import type { PublishedMonth } from '../../../orchestrator/ledger/aggregation-months.js';
import type { SourceChange } from '../../../orchestrator/ledger/source-changes.js';

const DOMAIN = 'demo';

/** Models with the shape of the nutrition programme's; only what months depend on is filled. */
export function model(
  table: string,
  sources: Readonly<Record<string, TouchedMonths>>,
  needs: Readonly<Record<string, ModelNeed['month']>> = {},
  monthly = true,
): Model {
  const source = (name: string, touches: TouchedMonths): ModelSource => ({
    table: name,
    touches,
    base: [],
    free: [],
  });
  return {
    table,
    name: table.replace(/_(form|monthly)$/, ''),
    description: '',
    monthly,
    grain: '',
    keys: [],
    partitionBy: [],
    columns: [],
    sources: Object.entries(sources).map(([name, touches]) => source(name, touches)),
    needs: Object.entries(needs).map(([name, month]) => ({ table: name, month })),
    audits: [],
    tests: [],
    indexes: [],
    sql: '',
    sha256: `${table}-1`,
  };
}

export const PROGRAMME: readonly Model[] = [
  model('flwc_location', { raw_location: 'all' }, {}, false),
  model(
    'service_enrollment_form',
    { raw_service_enrollment_form: 'same' },
    { service_enrollment_form: 'previous' },
  ),
  model('child_thr_form', { raw_child_thr_form: 'same' }),
  model(
    'child_care_monthly',
    { raw_child_care_case: 'from', raw_member_case: 'all' },
    { flwc_location: 'whole', service_enrollment_form: 'same', child_thr_form: 'same' },
  ),
  model('agg_child_care', {}, { child_care_monthly: 'same', flwc_location: 'whole' }),
];

export function change(table: string, month: string | null, version: number, batch = version): SourceChange {
  return { table, month, deltaVersion: BigInt(version), batchId: BigInt(batch), rows: 3 };
}

export function published(
  table: string,
  month: string | null,
  version: number,
  sources: Readonly<Record<string, number>>,
  more: Partial<PublishedMonth> = {},
): PublishedMonth {
  return {
    domain: DOMAIN,
    table,
    month,
    runId: 1n,
    deltaVersion: BigInt(version),
    sources: new Map(Object.entries(sources).map(([name, pin]) => [name, BigInt(pin)])),
    rows: 5n,
    modelSha256: `${table}-1`,
    configVersionId: 1n,
    publishedAt: '2026-06-02T03:00:00.000Z',
    ...more,
  };
}

/** Facts of June 2026, with nothing closed. */
export function statesOf(facts: Partial<MonthFacts>): MonthStates {
  return new MonthStates({
    models: PROGRAMME,
    changes: [],
    published: [],
    failures: [],
    settingsChanged: () => null,
    monthNow: '2026-06-01',
    closeAfter: 100,
    firstMonth: null,
    ...facts,
  });
}

/** Publishes a plan as if every node had been computed now: pins are the newest versions of everything. */
export class Computed {
  readonly published = new Map<string, PublishedMonth>();
  #version = 0;

  compute(nodes: readonly { table: string; month: string | null }[], changes: readonly SourceChange[]): void {
    for (const { table, month } of nodes) {
      const pins: Record<string, number> = {};
      for (const each of changes)
        pins[each.table] = Math.max(pins[each.table] ?? 0, Number(each.deltaVersion));
      for (const each of this.published.values())
        pins[each.table] = Math.max(pins[each.table] ?? 0, Number(each.deltaVersion));
      this.published.set(`${table} ${month}`, published(table, month, ++this.#version, pins));
    }
  }

  get all(): PublishedMonth[] {
    return [...this.published.values()];
  }
}
