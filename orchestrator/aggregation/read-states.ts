import { domainOf, type DomainConfig, type LakeConfig } from '../config/lake.js';
import { failedMonths, ledgerNow, publishedMonths } from '../ledger/aggregation-months.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { sourceChanges, type SourceChange } from '../ledger/source-changes.js';
import type { Model } from './model.js';
import { MonthStates } from './month-states.js';
import { monthIn } from './months.js';

export interface StatesRequest {
  readonly database: LedgerDatabase;
  readonly models: readonly Model[];
  readonly domain: string;
  readonly config: LakeConfig;
  /** What is to count as changed in the lake's tables, instead of what has. */
  readonly changes?: readonly SourceChange[];
  /** The configuration of a version (PipelineContext.configOf). */
  configOf(versionId: bigint): Promise<LakeConfig>;
}

/**
 * The states of a domain's months as the ledger knows them now. Publications are read before changes: what changes in
 * between makes a month stale too early, never too late.
 */
export async function readMonthStates(request: StatesRequest): Promise<MonthStates> {
  const { database, domain, models } = request;
  const own = domainOf(request.config, domain);
  const published = await publishedMonths(database, domain);
  const changes = request.changes ?? (await sourceChanges(database, domain));
  const failures = await failedMonths(database, domain);
  const changed = new Map<bigint, string | null>();
  for (const version of new Set(published.map((each) => each.configVersionId))) {
    const then = domainOf(await request.configOf(version), domain);
    changed.set(version, settingsChanged(then, own));
  }
  return new MonthStates({
    models,
    changes,
    published,
    failures,
    settingsChanged: (version) => changed.get(version) ?? null,
    monthNow: monthIn(await ledgerNow(database), own?.time_zone ?? 'UTC'),
    closeAfter: own?.aggregations.close_after ?? 0,
    firstMonth: own?.aggregations.first_month ?? null,
  });
}

/** Models are rendered for a domain's levels and time zone; whatever else changes reaches them through the lake's rows. */
function settingsChanged(then: DomainConfig | undefined, now: DomainConfig | undefined): string | null {
  if (then === undefined || now === undefined) return null;
  if (then.time_zone !== now.time_zone)
    return `the domain's time_zone changed from ${then.time_zone} to ${now.time_zone}`;
  const same =
    then.location_levels.length === now.location_levels.length &&
    then.location_levels.every((level, at) => level === now.location_levels[at]);
  return same ? null : "the domain's location_levels changed";
}
