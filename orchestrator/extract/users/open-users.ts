import type { Shards } from '../shards.js';
import { CouchUsers } from './couch-users.js';
import type { UserLocations } from './user-locations.js';
import { UsercaseLocations } from './usercase.js';

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
