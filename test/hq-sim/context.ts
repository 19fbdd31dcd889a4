import type { BlobStore } from './blob-store.js';
import type { ChangeFeed } from './change-feed.js';
import type { Clock } from './clock.js';
import type { Databases } from './databases.js';

/** What every act of the simulator works on. */
export interface HqContext {
  readonly databases: Databases;
  readonly blobs: BlobStore;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
}
