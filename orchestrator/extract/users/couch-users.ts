import type { Moment } from '../request.js';
import { CouchClient } from './couch-client.js';
import { UserMemory } from './user-memory.js';
import type { UserLocations, UserLook } from './user-locations.js';

/**
 * Users' places from their own documents, HQ's truth. CouchDB has no time that could be compared with a message's, so
 * each look begins by asking what has changed: a user saved before the look is told of as saved.
 */
export class CouchUsers implements UserLocations {
  readonly #memory: UserMemory;

  constructor(memory: UserMemory) {
    this.#memory = memory;
  }

  static open(url: string): CouchUsers {
    return new CouchUsers(new UserMemory(new CouchClient(url)));
  }

  look(domain: string, { signal }: Moment): UserLook {
    let refreshed: Promise<void> | undefined;
    return {
      locationsOf: async (userIds) => {
        await (refreshed ??= this.#memory.refresh(signal));
        const found = new Map<string, string>();
        for (const [id, places] of await this.#memory.placesOf(userIds, signal)) {
          const own = places.find(([name]) => name === domain);
          if (own !== undefined) found.set(id, own[1]);
        }
        return found;
      },
    };
  }
}
