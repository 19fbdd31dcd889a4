import type { BlobStore } from './blobs.js';
import type { HqDatabase } from './hq-database.js';
import type { Shards } from './shards.js';
import type { UserLocations } from './users/user-locations.js';

/** Everything of HQ that an extraction reads from. */
export interface Hq {
  /** Locations and tombstones. */
  readonly main: HqDatabase;
  /** Forms, cases and the keys of their blobs. */
  readonly shards: Shards;
  readonly blobs: BlobStore;
  readonly users: UserLocations;
}
