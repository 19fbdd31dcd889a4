/** What the rules need of a domain's settings. */
export interface Setting {
  readonly domain: string;
  /** Location type codes, top down. */
  readonly levels: readonly string[];
  /** IANA name: days and months are this zone's. */
  readonly timeZone: string;
}

export interface Place {
  readonly id: string;
  readonly parentId: string | null;
  readonly type: string | null;
  readonly name: string | null;
  readonly siteCode: string;
  readonly archived: boolean;
}

export interface Index {
  readonly identifier: string;
  readonly type: string;
  readonly id: string;
}

/** A live child_care case. Moments are UTC text with six digits; answers are as HQ holds them, null when not there. */
export interface Child {
  readonly id: string;
  readonly ownerId: string;
  readonly openedOn: string | null;
  readonly closed: boolean;
  readonly closedOn: string | null;
  readonly indices: readonly Index[];
  readonly birthWeight: string | null;
  readonly lowBirthWeight: string | null;
  readonly breastfeedingInitiated: string | null;
}

/** A live member case. */
export interface Member {
  readonly id: string;
  readonly name: string | null;
  readonly dob: string | null;
  readonly gender: string | null;
  readonly deathDate: string | null;
  readonly motherId: string | null;
}

/** What every form has: `timeEnd` as the phone wrote it. */
export interface FormFacts {
  readonly id: string;
  readonly receivedOn: string;
  readonly timeEnd: string | null;
}

export interface Enrolment extends FormFacts {
  readonly memberId: string | null;
  readonly nutrition: string | null;
  readonly growthTracking: string | null;
  readonly counselling: string | null;
}

export interface Measurement extends FormFacts {
  readonly childId: string | null;
  readonly weight: string | null;
  readonly height: string | null;
  readonly hfa: string | null;
  readonly wfh: string | null;
  readonly wfa: string | null;
}

export interface Meal extends FormFacts {
  readonly listed: readonly string[];
  readonly present: string | null;
  readonly served: string | null;
}

export interface Ration extends FormFacts {
  readonly listed: readonly string[];
  readonly received: string | null;
  readonly days: string | null;
}

/** All that counts of a domain: what HQ holds alive. */
export interface World {
  readonly setting: Setting;
  readonly places: readonly Place[];
  readonly children: readonly Child[];
  readonly members: readonly Member[];
  readonly enrolments: readonly Enrolment[];
  readonly measurements: readonly Measurement[];
  readonly meals: readonly Meal[];
  readonly rations: readonly Ration[];
}

/** A value of a row: moments are UTC text with six digits, days and months `YYYY-MM-DD`. */
export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;
