import { chunked } from '../in-order.js';
import { IDS_PER_QUERY } from '../limits.js';
import type { Moment } from '../request.js';
import type { IdRow, Shards } from '../shards.js';
import { newestOf } from '../shards.js';
import { utc } from '../sql-text.js';
import type { UserLocations, UserLook } from './user-locations.js';

interface UsercaseRow extends IdRow {
  readonly props: string | null;
}

/**
 * Usercases carry the user's id in external_id (indexed with domain and type) and again in case_json.hq_user_id,
 * which no index covers: only the indexed one is asked (HQ writes both).
 */
const USERCASE_SQL = `
  SELECT c.external_id AS id, ${utc('c.server_modified_on')} AS rev, c.case_json::text AS props
  FROM form_processor_commcarecasesql c
  WHERE c.domain = $1 AND c.type = 'commcare-user' AND c.external_id = ANY($2::varchar[])
    AND NOT c.deleted AND c.deleted_on IS NULL`;

export class UsercaseLocations implements UserLocations {
  readonly #shards: Shards;

  constructor(shards: Shards) {
    this.#shards = shards;
  }

  look(domain: string, moment: Moment): UserLook {
    return { locationsOf: (userIds) => this.#locationsOf(domain, userIds, moment) };
  }

  async #locationsOf(
    domain: string,
    userIds: readonly string[],
    moment: Moment,
  ): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const ids of chunked(userIds, IDS_PER_QUERY)) {
      const query = { text: USERCASE_SQL, values: [domain, ids] };
      const rows = await this.#shards.readSettled<UsercaseRow>(query, moment);
      for (const [userId, { props }] of newestOf(rows)) {
        const location = locationIn(props);
        if (location !== undefined) found.set(userId, location);
      }
    }
    return found;
  }
}

function locationIn(props: string | null): string | undefined {
  try {
    const parsed: unknown = JSON.parse(props ?? '{}');
    if (typeof parsed !== 'object' || parsed === null || !('commcare_location_id' in parsed))
      return undefined;
    const location = parsed.commcare_location_id;
    return typeof location === 'string' && location !== '' ? location : undefined;
  } catch {
    // A damaged usercase is reported when it is extracted itself; here it only means: place unknown.
    return undefined;
  }
}
