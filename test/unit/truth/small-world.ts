import type { Child, Enrolment, Meal, Measurement, Member, Place, Ration, World } from '../../truth/world.js';

export const LEVELS = ['state', 'district', 'project', 'supervisor', 'flwc'];
export const M = '2026-02-01';

/** A world with nothing but what is given, in UTC, under the five levels. */
export function worldOf(given: Partial<World> & { readonly timeZone?: string } = {}): World {
  const { timeZone = 'UTC', ...rest } = given;
  return {
    setting: { domain: 'd', levels: LEVELS, timeZone },
    places: line('f1'),
    children: [],
    members: [],
    enrolments: [],
    measurements: [],
    meals: [],
    rations: [],
    ...rest,
  };
}

/** A centre and the four above it: `f1` hangs under `f1-supervisor` … unless a parent is named. */
export function line(centre: string, changes: Readonly<Record<string, Partial<Place>>> = {}): Place[] {
  let parentId: string | null = null;
  return LEVELS.map((type) => {
    const id: string = type === 'flwc' ? centre : `${centre}-${type}`;
    const place: Place = {
      ...{ id, parentId, type, name: `Name ${id}`, siteCode: `code ${id}`, archived: false },
      ...changes[type],
    };
    parentId = id;
    return place;
  });
}

export function child(changes: Partial<Child> = {}): Child {
  return {
    ...{ id: 'c1', ownerId: 'f1', openedOn: '2026-01-10T08:00:00.000000Z', closed: false, closedOn: null },
    ...{ birthWeight: null, lowBirthWeight: null, breastfeedingInitiated: null },
    indices: [{ identifier: 'parent', type: 'member', id: 'm1' }],
    ...changes,
  };
}

export function member(changes: Partial<Member> = {}): Member {
  return {
    ...{ id: 'm1', name: 'Asha', dob: '2024-02-01', gender: 'female', deathDate: null, motherId: 'mother' },
    ...changes,
  };
}

let counter = 0;

/** What every form has; each is received after those made before it. */
function form(timeEnd: string | null) {
  counter += 1;
  return {
    id: `form-${counter}`,
    receivedOn: `2026-03-05T00:00:00.${String(counter).padStart(6, '0')}Z`,
    timeEnd,
  };
}

export function enrolment(timeEnd: string | null, changes: Partial<Enrolment> = {}): Enrolment {
  return {
    ...form(timeEnd),
    ...{ memberId: 'm1', nutrition: 'yes', growthTracking: 'yes', counselling: 'yes' },
    ...changes,
  };
}

export function measurement(timeEnd: string | null, changes: Partial<Measurement> = {}): Measurement {
  return {
    ...form(timeEnd),
    ...{ childId: 'c1', weight: null, height: null, hfa: null, wfh: null, wfa: null },
    ...changes,
  };
}

export function meal(timeEnd: string | null, changes: Partial<Meal> = {}): Meal {
  return { ...form(timeEnd), ...{ listed: ['c1'], present: 'c1', served: 'c1' }, ...changes };
}

export function ration(timeEnd: string | null, changes: Partial<Ration> = {}): Ration {
  return { ...form(timeEnd), ...{ listed: ['c1'], received: 'c1', days: '25' }, ...changes };
}
