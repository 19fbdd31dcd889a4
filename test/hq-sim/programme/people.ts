import { dateText } from './calendar.js';
import { BOYS, FAMILIES, GIRLS } from './names.js';
import type { Place } from './places.js';
import type { Random } from './random.js';

/** A worker of one centre; her usercase names her place. */
export interface Worker {
  readonly userId: string;
  readonly username: string;
  readonly usercaseId: string;
  readonly centre: Place;
}

/** A child, with the ids of its two cases and of its mother's. */
export interface Child {
  readonly name: string;
  readonly gender: 'male' | 'female';
  /** Day of birth. */
  readonly born: number;
  readonly memberId: string;
  readonly childCareId: string;
  readonly motherId: string;
  readonly motherName: string;
  readonly worker: Worker;
  /** Every now and then a child has a second index to a member; it must not be counted twice. */
  readonly hasGuardian: boolean;
  /** Now and then its case belongs to the worker herself, who is no place. */
  readonly ownedByWorker: boolean;
  /** Now and then nobody knows the day of birth: the answer is ''. */
  readonly birthUnknown: boolean;
  /** Now and then a family is brought in by an import: no enrolment form tells of it. */
  readonly imported: boolean;
  /** False once the child died or moved away: nobody lists or visits it any more. */
  followed: boolean;
}

export function makeWorker(centre: Place, index: number, random: Random): Worker {
  return { userId: random.hex(), username: `worker${index + 1}`, usercaseId: random.uuid(), centre };
}

/** A child enrolled on `day`: one in five newly born, the others up to six years old. */
export function makeChild(worker: Worker, day: number, index: number, random: Random): Child {
  const gender = random.chance(0.5) ? 'female' : 'male';
  const family = random.pick(FAMILIES);
  const age = random.chance(0.2) ? random.int(0, 20) : random.int(20, 2200);
  return {
    name: `${random.pick(gender === 'female' ? GIRLS : BOYS)} ${family}`,
    gender,
    born: day - age,
    memberId: random.uuid(),
    childCareId: random.uuid(),
    motherId: random.uuid(),
    motherName: `${random.pick(GIRLS)} ${family}`,
    worker,
    hasGuardian: index % 50 === 7,
    // By number, not by chance: so every story of some length has them.
    ownedByWorker: index % 40 === 11,
    birthUnknown: index % 45 === 23,
    imported: index % 30 === 19,
    followed: true,
  };
}

/** Age in months as the phone app works it out. */
export function ageInMonths(child: Child, day: number): number {
  return (day - child.born) / 30.4;
}

export function birthText(child: Child): string {
  return child.birthUnknown ? '' : dateText(child.born);
}
