import type { BlobStore } from './blob-store.js';
import type { ChangeFeed } from './change-feed.js';
import type { Clock } from './clock.js';
import type { CouchUsers } from './couch-users.js';
import type { Databases } from './databases.js';

/** What every act of the simulator works on. */
export interface HqContext {
  readonly databases: Databases;
  readonly blobs: BlobStore;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  /** Where users are documents; null: where they are usercases alone. */
  readonly couch: CouchUsers | null;
}
