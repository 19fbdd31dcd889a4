import type { LakeConfig } from '../config/lake.js';
import { activeConfigVersion } from '../ledger/lake.js';
import type { ApiParts } from './parts.js';
import { ApiProblem } from './problems.js';

/** The lake.yaml that is active now: the API follows `config apply` without a restart. @throws ApiProblem CONFLICT when none is */
export async function activeConfig({
  database,
  configOf,
}: Pick<ApiParts, 'database' | 'configOf'>): Promise<{ readonly id: bigint; readonly config: LakeConfig }> {
  const active = await activeConfigVersion(database);
  if (active === undefined) {
    throw new ApiProblem('CONFLICT', 'No lake.yaml was applied yet', 'Run `dimagi-lake config apply`.');
  }
  return { id: active.id, config: await configOf(active.id) };
}

/** A domain's location levels; none when lake.yaml does not know the domain (any more). */
export async function domainLevels(
  parts: Pick<ApiParts, 'database' | 'configOf'>,
  domain: string,
): Promise<readonly string[]> {
  const active = await activeConfigVersion(parts.database);
  if (active === undefined) return [];
  const { domains } = await parts.configOf(active.id);
  return Object.hasOwn(domains, domain) ? (domains[domain]?.location_levels ?? []) : [];
}
