import type { HqDatabase, Query } from './hq-database.js';
import type { Moment } from './request.js';
import { provableTime } from './shards.js';

/**
 * Reads from a database that shows all that HQ had told of until the moment.
 * @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED
 */
export function readSettled<Row extends object>(
  database: HqDatabase,
  query: Query,
  { newestPublishTimestamp, signal }: Moment,
): Promise<readonly Row[]> {
  return database.readSettled<Row & Record<string, unknown>>(
    query,
    provableTime(newestPublishTimestamp),
    signal,
  );
}
