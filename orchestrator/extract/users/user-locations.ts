import type { Moment } from '../request.js';

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
