import { pick, seeded } from '../../helpers/seeded.js';
import { FAULT_NAMES, FAULTS, type FaultName, type Moment, type Need } from './named-faults.js';

/** What one run does, wholly decided by its seed: read it, then run it. */
export interface RunPlan {
  readonly name: string;
  readonly settings: Settings;
  readonly rounds: readonly Round[];
}

export interface Settings {
  /** Orchestrators at the start. */
  readonly orchestrators: 1 | 2;
  /** Messages of a batch: few, so that several batches are under way at once. */
  readonly batch: number;
  /** Drivers that stay, or one for each run. */
  readonly drivers: 'warm' | 'cold';
  readonly storage: 'file' | 's3';
  /** Merges on executors (`spark://`), or inside the driver (`local[2]`). */
  readonly executors: boolean;
  /** Staging files and lake on a file system of a few megabytes. */
  readonly smallDisk: boolean;
  /** Partitions of form-sql and case-sql each. */
  readonly partitions: 1 | 2;
}

/** Things happen in HQ; while they are brought in, faults happen. */
export interface Round {
  readonly changes: readonly PlannedChange[];
  readonly faults: readonly PlannedFault[];
  /** Whether all of it is brought in before the next begins. */
  readonly settles: boolean;
}

/** Kind as of `hq-sim change`, or `reprocess`: all of the domain is asked for again. */
export interface PlannedChange {
  readonly kind: string;
  readonly count: number;
}

export interface PlannedFault {
  readonly fault: FaultName;
  /** When `nth` more of these are counted than at the round's begin; null: the fault decides itself. */
  readonly at: { readonly moment: Moment; readonly nth: number } | null;
  /** Happens too, before the first one is mended. */
  readonly and: FaultName | null;
}

/** How often each kind happens beside the others, and to how many at most. */
type Likely = readonly [kind: string, weight: number, most: number];
const CHANGES: readonly [Likely, ...Likely[]] = [
  ['submit', 6, 15],
  ['enrol', 4, 4],
  ['edit', 6, 10],
  ['archive', 2, 5],
  ['unarchive', 1, 3],
  ['delete', 2, 5],
  ['undelete', 1, 3],
  ['purge', 1, 2],
  ['scrub', 1, 3],
  ['duplicate', 1, 3],
  ['republish', 2, 10],
  ['republish-deleted', 1, 3],
  ['retry', 1, 5],
  ['update-case', 6, 12],
  ['close-case', 2, 5],
  ['case-type', 2, 4],
  ['case-owner', 2, 5],
  ['empty-case', 1, 2],
  ['rebuild-case', 1, 3],
  ['delete-case', 2, 4],
  ['undelete-case', 1, 3],
  ['purge-case', 1, 2],
  ['republish-case', 2, 10],
  ['republish-purged', 1, 2],
  ['create-location', 2, 2],
  ['rename-location', 1, 1],
  ['move-location', 1, 1],
  ['archive-location', 1, 1],
  ['republish-location', 1, 5],
  ['create-user', 1, 1],
  ['move-user', 1, 1],
  ['rename-location-type', 0.5, 1],
  ['reprocess', 1, 1],
];

/** Something that is always found and always makes batches, so that a fault has work to fall into. */
const CERTAIN: readonly PlannedChange[] = [
  { kind: 'update-case', count: 8 },
  { kind: 'submit', count: 5 },
];

const ROUNDS = 3;
const MOST_FAULTS_OF_A_ROUND = 2;

export interface PlanOptions {
  /** Only these faults are drawn; default all. */
  readonly faults?: readonly FaultName[];
  readonly rounds?: number;
}

/** Same seed (and options), same plan. */
export function planRun(seed: number, { faults = FAULT_NAMES, rounds = ROUNDS }: PlanOptions = {}): RunPlan {
  const random = seeded(seed);
  // One by one, so that each draws from the numbers in a fixed order.
  const chance = (likely: number): boolean => random() < likely;
  const orchestrators = chance(0.3) ? 2 : 1;
  const batch = 15 + Math.floor(random() * 45);
  const wantsCold = chance(0.2);
  const wantsS3 = chance(0.2);
  const wantsSmallDisk = chance(0.3);
  const wantsExecutors = chance(0.2);
  const partitions = chance(0.7) ? 2 : 1;
  const needs = faults.map((name) => FAULTS[name].needs);
  const only = (need: Need): boolean => needs.length > 0 && needs.every((each) => each === need);
  const s3 = only('s3') || wantsS3;
  const settings: Settings = {
    ...{ orchestrators, batch, partitions },
    drivers: only('cold-drivers') || wantsCold ? 'cold' : 'warm',
    storage: s3 ? 's3' : 'file',
    executors: only('executors') || wantsExecutors,
    smallDisk: !s3 && (only('small-disk') || wantsSmallDisk),
  };
  const possible = faults.filter((name) => fits(name, settings));
  const drawn: Round[] = [];
  for (let round = 0; round < rounds; round++) drawn.push(drawRound(random, possible));
  return { name: `seed ${seed}`, settings, rounds: drawn };
}

function fits(name: FaultName, settings: Settings): boolean {
  const needs = FAULTS[name].needs;
  if (needs === 's3') return settings.storage === 's3';
  if (needs === 'small-disk') return settings.smallDisk;
  if (needs === 'executors') return settings.executors;
  if (needs === 'cold-drivers') return settings.drivers === 'cold';
  return true;
}

function drawRound(random: () => number, possible: readonly FaultName[]): Round {
  const count = 1 + Math.floor(random() * MOST_FAULTS_OF_A_ROUND);
  const faults = Array.from({ length: count }, (_, turn) => drawFault(random, possible, turn)).filter(
    (drawn) => drawn !== undefined,
  );
  const kinds = 2 + Math.floor(random() * 4);
  const changes = [...CERTAIN, ...wantedBy(faults)];
  for (let drawn = 0; drawn < kinds; drawn++) changes.push(drawChange(random));
  return { changes, faults, settles: random() < 0.4 };
}

function drawFault(
  random: () => number,
  possible: readonly FaultName[],
  turn: number,
): PlannedFault | undefined {
  // What sets its own scene (stops orchestrators, say) comes first or not at all.
  const choices = turn === 0 ? possible : possible.filter((name) => FAULTS[name].moments.length > 0);
  const fault = weighted(random, choices, (name) => FAULTS[name].weight ?? 1);
  if (fault === undefined) return undefined;
  const { moments, pairs } = FAULTS[fault];
  const at =
    moments.length === 0 ? null : { moment: pick(random, moments), nth: turn + 1 + Math.floor(random() * 2) };
  const others = possible.filter((name) => name !== fault && FAULTS[name].pairs === 'both');
  const paired = random() < 0.25;
  const and = pairs !== undefined && paired && others.length > 0 ? pick(random, others) : null;
  return { fault, at, and };
}

function drawChange(random: () => number): PlannedChange {
  const [kind, , most] = weighted(random, CHANGES, ([, weight]) => weight) ?? CHANGES[0];
  return { kind, count: 1 + Math.floor(random() * most) };
}

function wantedBy(faults: readonly PlannedFault[]): PlannedChange[] {
  return faults.flatMap(({ fault }) => {
    const { wants } = FAULTS[fault];
    if (wants === undefined) return [];
    return [{ kind: wants === 'reprocess' ? 'reprocess' : 'rename-location-type', count: 1 }];
  });
}

/** @returns undefined when there is nothing to choose from */
function weighted<T>(
  random: () => number,
  choices: readonly T[],
  weightOf: (choice: T) => number,
): T | undefined {
  let left = random() * choices.reduce((sum, choice) => sum + weightOf(choice), 0);
  for (const choice of choices) {
    left -= weightOf(choice);
    if (left < 0) return choice;
  }
  return choices.at(-1);
}

const POINTS_OF_A_RUN = 6;
const PLAIN: Settings = {
  ...{ orchestrators: 1, batch: 60, drivers: 'warm', partitions: 2 },
  ...{ storage: 'file', executors: false, smallDisk: false },
};

/** Every named fault (or those given) once, each in a round of its own, as early in the work as it can be. */
export function planPoints(faults: readonly FaultName[] = FAULT_NAMES): readonly RunPlan[] {
  const groups: readonly (readonly [name: string, settings: Settings, needs: Need | undefined])[] = [
    ['points', PLAIN, undefined],
    ['points on a small disk', { ...PLAIN, smallDisk: true }, 'small-disk'],
    ['points on S3', { ...PLAIN, storage: 's3' }, 's3'],
    ['points on executors', { ...PLAIN, executors: true }, 'executors'],
    ['points with cold drivers', { ...PLAIN, drivers: 'cold' }, 'cold-drivers'],
  ];
  return groups.flatMap(([name, settings, needs]) => {
    const members = faults.filter((fault) => FAULTS[fault].needs === needs);
    return inChunks(members, POINTS_OF_A_RUN).map((chunk, index) => ({
      name: `${name} ${index + 1}`,
      settings,
      rounds: chunk.map(pointRound),
    }));
  });
}

function pointRound(fault: FaultName): Round {
  const [moment] = FAULTS[fault].moments.includes('staged') ? ['staged' as const] : FAULTS[fault].moments;
  const planned = { fault, at: moment === undefined ? null : { moment, nth: 1 }, and: null };
  return {
    changes: [...CERTAIN, { kind: 'edit', count: 3 }, ...wantedBy([planned])],
    faults: [planned],
    settles: true,
  };
}

function inChunks<T>(list: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** The plan as people read it: one line per event. */
export function describePlan({ name, settings, rounds }: RunPlan): string {
  const { orchestrators, batch, drivers, partitions, storage, executors, smallDisk } = settings;
  const lines = [
    `${name}: ${orchestrators} orchestrator(s), batches of ${batch} messages, ${drivers} drivers` +
      `${executors ? ' with executors' : ''}, ${partitions} partition(s), ${storage}${smallDisk ? ' on a small disk' : ''}`,
  ];
  for (const [turn, { changes, faults, settles }] of rounds.entries()) {
    const mark = `round ${turn + 1}`;
    lines.push(...changes.map(({ kind, count }) => `${mark}  change  ${kind} x${count}`));
    lines.push(...faults.map((planned) => `${mark}  fault   ${describeFault(planned)}`));
    if (settles) lines.push(`${mark}  wait until all is brought in`);
  }
  return lines.join('\n');
}

export function describeFault({ fault, at, and }: PlannedFault): string {
  const when = at === null ? '' : ` when ${at.nth} more ${at.nth === 1 ? 'is' : 'are'} ${at.moment}`;
  return `${fault}${when}${and === null ? '' : `, and ${and} before it is mended`} (${FAULTS[fault].what})`;
}
