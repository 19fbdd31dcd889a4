import { listPauses, type Pause } from '../../ledger/pauses.js';
import {
  aggregateFacts,
  domainDatabases,
  tableFacts,
  type AggregateFacts,
  type TableFacts,
} from '../../ledger/table-facts.js';
import { databaseName } from '../../plan/table-names.js';
import { baseColumns } from '../../shape/table-columns.js';
import type { ApiParts } from '../parts.js';
import type { Table } from '../schemas/lake.js';

/** A change that waits longer than this is late. */
const LATE_SECONDS = 600;

/** A table of the list with the facts behind it; null: an aggregation's. */
export interface TableNow {
  readonly table: Table;
  readonly facts: TableFacts | null;
}

/** All tables of the lake by name: records', then aggregations'. Thousands cost two statements. */
export async function tablesNow({
  database,
  models,
}: Pick<ApiParts, 'database' | 'models'>): Promise<TableNow[]> {
  const pauses = await listPauses(database);
  const records = (await tableFacts(database)).map((facts) => ({ table: tableOf(facts, pauses), facts }));
  const databases = await domainDatabases(database);
  const columns = new Map(models.all.map((model) => [model.table, model.columns.length]));
  const aggregates = (await aggregateFacts(database)).map((facts) => ({
    table: aggregateOf(facts, databases.get(facts.domain), columns.get(facts.name) ?? 0),
    facts: null,
  }));
  return [...records, ...aggregates];
}

function tableOf(facts: TableFacts, pauses: readonly Pause[]): Table {
  const full = `${facts.database}.${facts.name}`.toLowerCase();
  const pause = pauses.find(
    ({ scope, name }) => scope === 'all' || (scope === 'table' && name.toLowerCase() === full),
  );
  const state = facts.state === 'running' && pause !== undefined ? 'paused' : facts.state;
  return {
    ...{
      database: facts.database,
      name: facts.name,
      domain: facts.domain,
      kind: facts.kind,
      type: facts.type,
    },
    state,
    health: healthOf(state, facts),
    reason: facts.reason ?? (pause === undefined ? null : `paused by ${pause.by}: ${pause.reason}`),
    rows: facts.lastMergeAt === null ? null : facts.rows,
    columns: baseColumns(facts.kind, []).length + facts.freeColumns,
    deltaVersion: facts.deltaVersion,
    lastCommitAt: facts.lastMergeAt,
    freshnessSeconds: Math.max(0, Math.round(facts.waitingSeconds)),
    openLanes: facts.openLanes,
    quarantined: facts.quarantined,
  };
}

function healthOf(state: Table['state'], facts: TableFacts): Table['health'] {
  if (state === 'halted') return 'bad';
  if (state === 'paused' || facts.waitingSeconds > LATE_SECONDS || facts.failure !== null) return 'warning';
  return facts.openLanes > 0 ? 'busy' : 'ok';
}

function aggregateOf(facts: AggregateFacts, database: string | undefined, columns: number): Table {
  return {
    database: database ?? databaseName(facts.domain, () => false),
    ...{ name: facts.name, domain: facts.domain, kind: 'aggregation', type: facts.name, state: 'running' },
    health: facts.failedMonths > 0 ? 'warning' : 'ok',
    reason: facts.failure,
    rows: facts.rows,
    columns,
    deltaVersion: facts.deltaVersion,
    lastCommitAt: facts.publishedAt,
    ...{ freshnessSeconds: 0, openLanes: 0, quarantined: 0 },
  };
}
