import { LakeError } from '../../orchestrator/errors.js';
import { sipHash24Low32 } from './sip-hash.js';

/** HQ's number of logical shards in practice; a power of two. */
export const LOGICAL_SHARDS = 1024;

/** The logical shard (0 to 1023) of a form id, case id or blob parent id. */
export function logicalShard(id: string): number {
  return sipHash24Low32(Buffer.from(id, 'utf8')) & (LOGICAL_SHARDS - 1);
}

/**
 * The last logical shard of each database: contiguous ranges, the first ones longer by one where the division
 * leaves a rest (production's five: 204, 409, 614, 819, 1023).
 */
export function rangeEnds(databases: number): readonly number[] {
  if (databases < 1 || databases > LOGICAL_SHARDS) {
    throw new LakeError(
      'CONFIG_INVALID',
      `HQ can have 1 to ${LOGICAL_SHARDS} shard databases, not ${databases}`,
    );
  }
  const size = Math.floor(LOGICAL_SHARDS / databases);
  const longer = LOGICAL_SHARDS % databases;
  return Array.from(
    { length: databases },
    (_, index) => (index + 1) * size + Math.min(index + 1, longer) - 1,
  );
}
