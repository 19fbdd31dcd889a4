import type { Moment } from '../request.js';
import type { Shards } from '../shards.js';
import { CouchUsers } from './couch-users.js';
import { UsercaseLocations } from './usercase.js';

/** Where users work. HQ keeps no history: it is the place they have now. */
export interface UserLocations {
  /** One extraction's look at users: all it tells is at least as new as the moment, and as the look's beginning. */
  look(domain: string, moment: Moment): UserLook;
}

export interface UserLook {
  /**
   * @returns location_id by user id; users without a known place are left out
   * @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED
   */
  locationsOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/**
 * @param source `usercase`: HQ's mirror of each user as a case; `none`: users have no place; a URL
 *   `couchdb+http(s)://login:password@host:port/database`: the users' own documents
 */
export function openUserLocations(source: string, shards: Shards): UserLocations {
  switch (source) {
    case 'usercase':
      return new UsercaseLocations(shards);
    case 'none':
      return { look: () => ({ locationsOf: () => Promise.resolve(new Map()) }) };
    default:
      return CouchUsers.open(source);
  }
}
