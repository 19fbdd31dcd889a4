import type { Programme } from './options.js';
import { systemForm } from '../case-block.js';
import {
  dateText,
  dayAfterMonths,
  dayOfMonth,
  firstDayOf,
  localMoment,
  utcDay,
  utcText,
} from './calendar.js';
import { enrolAgainForm, enrolmentForm, importForm } from './enrolment.js';
import type { Visit } from './envelope.js';
import { drawIncidents, type Incident, type SentForm } from './incidents.js';
import { ageInMonths, makeChild, makeWorker, type Child, type Worker } from './people.js';
import { makeGeography, type Geography } from './places.js';
import { seededRandom, type Random } from './random.js';
import { homeVisitForm, supplementaryNutritionForm, takeHomeRationForm, weightHeightForm } from './visits.js';
import { USERCASE_TYPE } from '../users.js';

/** What happens next in HQ, and when (ISO, UTC). */
export type StoryEvent =
  | { readonly kind: 'locations'; readonly at: string; readonly geography: Geography }
  | { readonly kind: 'form'; readonly at: string; readonly formId: string; readonly xml: string }
  | { readonly kind: 'incident'; readonly at: string; readonly incident: Incident };

interface World {
  readonly programme: Programme;
  readonly random: Random;
  readonly geography: Geography;
  readonly workers: readonly Worker[];
  readonly children: Child[];
  /** Children by worker. */
  readonly roll: Map<Worker, Child[]>;
  /** Forms on their way, by the UTC day HQ receives them. */
  readonly underway: Map<number, (SentForm & { readonly receivedAt: number })[]>;
  /** Forms that have arrived lately, for things to happen to them. */
  readonly recent: SentForm[];
  enrolled: number;
  visited: number;
  /** UTC milliseconds of the last thing HQ heard of; time never runs backwards there. */
  now: number;
}

/** Children a busy centre lists at a meal. */
const MEAL_LIST = 40;
const RECENT_FORMS = 300;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MEAL_DAYS = 26;

/**
 * The programme day by day, in the order in which HQ hears of things. Nothing but the living children and the last
 * few hundred forms is held in memory, so a million forms cost no more room than their families.
 */
export function* tellStory(programme: Programme): Generator<StoryEvent> {
  const random = seededRandom(programme.seed);
  const geography = makeGeography(
    programme.centres,
    programme.seed === 1 ? '' : `_s${programme.seed}`,
    random,
  );
  const workers = geography.byLevel.flwc.map((centre, index) => makeWorker(centre, index, random));
  const world: World = {
    programme,
    random,
    geography,
    workers,
    children: [],
    roll: new Map(),
    underway: new Map(),
    recent: [],
    enrolled: 0,
    visited: 0,
    now: 0,
  };
  const first = firstDayOf(programme.firstMonth);
  const end = dayAfterMonths(programme.firstMonth, programme.months);
  const eve = utcText(localMoment(first - 1, 12 * HOUR));
  yield { kind: 'locations', at: eve, geography };
  yield* workers.map((worker) => usercaseEvent(worker, programme.domain, eve, random));
  for (let day = first; day < end; day++) {
    const share = (day + 1 - first) / (end - first);
    enrolFamilies(world, day, share);
    visitChildren(world, day, share);
    yield* arrivals(world, day);
    if (dayOfMonth(day) === 25) yield* troubles(world, day, Math.floor((day - first) / 28));
  }
  for (const day of [...world.underway.keys()].sort((a, b) => a - b)) yield* arrivals(world, day);
}

function usercaseEvent(worker: Worker, domain: string, at: string, random: Random): StoryEvent {
  const formId = random.uuid();
  const block = {
    caseId: worker.usercaseId,
    dateModified: at,
    userId: 'system',
    create: { type: USERCASE_TYPE, name: worker.username, ownerId: worker.userId },
    update: {
      hq_user_id: worker.userId,
      username: worker.username,
      commcare_location_id: worker.centre.locationId,
      commcare_location_ids: worker.centre.locationId,
      commcare_project: domain,
    },
  };
  return {
    kind: 'form',
    at,
    formId,
    xml: systemForm(formId, [block], at, 'corehq.apps.callcenter.sync_usercase'),
  };
}

/** Half of the families come in the first fifth of the time, so that there are children to visit. */
function enrolFamilies(world: World, day: number, share: number): void {
  const due = world.programme.families * (share < 0.2 ? share * 2.5 : 0.5 + ((share - 0.2) / 0.8) * 0.5);
  for (; world.enrolled < Math.round(due); world.enrolled++) {
    const { random, workers, enrolled } = world;
    // The first worker's centre is the busy one whose meals reach 25 days a month.
    const busy = workers[0];
    const worker =
      busy !== undefined && enrolled % 4 === 0 && enrolled < 4 * MEAL_LIST ? busy : random.pick(workers);
    const child = makeChild(worker, day, enrolled, random);
    world.children.push(child);
    const list = world.roll.get(worker);
    if (list === undefined) world.roll.set(worker, [child]);
    else list.push(child);
    const visit = newVisit(world, worker, day);
    const register = child.imported ? importForm : enrolmentForm;
    send(world, day, visit, register(child, visit, random), MINUTE);
  }
}

function visitChildren(world: World, day: number, share: number): void {
  const { programme, random, workers } = world;
  const due = Math.round(programme.visits * share);
  const perMonth = programme.visits / programme.months;
  const kitchens = perMonth < 40 ? 0 : Math.max(1, Math.floor((perMonth * 0.35) / MEAL_DAYS));
  if (dayOfMonth(day) <= MEAL_DAYS) {
    for (const worker of workers.slice(0, kitchens)) mealAt(world, worker, day, 0.985);
  }
  while (world.visited < due) {
    const child = world.children.length === 0 ? undefined : random.pick(world.children);
    if (child === undefined) return;
    world.visited += 1;
    visitChild(world, child, day);
  }
}

function visitChild(world: World, child: Child, day: number): void {
  const { random } = world;
  const visit = newVisit(world, child.worker, day);
  const dice = random.next();
  let xml: string;
  if (!child.followed || dice < 0.06) xml = enrolAgainForm(child, visit, random);
  else if (dice < 0.5) xml = weightHeightForm(child, visit, random);
  else if (dice < 0.72) xml = homeVisitForm(child, visit, random);
  else if (dice < 0.9) xml = takeHomeRationForm(listed(world, child.worker, day, 0, 36), visit, random);
  else xml = supplementaryNutritionForm(listed(world, child.worker, day, 36, 72), visit, random);
  send(world, day, visit, xml, lateness(random));
}

function mealAt(world: World, worker: Worker, day: number, attendance: number): void {
  const children = listed(world, worker, day, 36, 72);
  if (children.length === 0) return;
  world.visited += 1;
  const visit = newVisit(world, worker, day);
  send(
    world,
    day,
    visit,
    supplementaryNutritionForm(children, visit, world.random, attendance),
    lateness(world.random),
  );
}

function listed(world: World, worker: Worker, day: number, fromMonths: number, toMonths: number): Child[] {
  const fits = (child: Child): boolean => {
    const age = ageInMonths(child, day);
    return child.followed && age > fromMonths && age <= toMonths;
  };
  return (world.roll.get(worker) ?? []).filter(fits).slice(0, MEAL_LIST);
}

/** Mostly in working hours; some soon after local midnight, which in UTC is the day, even the month, before. */
function newVisit({ random, programme }: World, worker: Worker, day: number): Visit {
  const early = random.chance(dayOfMonth(day) === 1 ? 0.4 : 0.05);
  const time = early ? random.int(0, 5 * HOUR) : random.int(8 * HOUR, 17 * HOUR);
  const startedAt = localMoment(day, time);
  return {
    formId: random.uuid(),
    worker,
    startedAt,
    endedAt: startedAt + random.int(2 * MINUTE, 20 * MINUTE),
    ...(programme.formBytes === undefined ? {} : { formBytes: programme.formBytes }),
  };
}

/** How long a form takes to reach HQ: minutes mostly, hours sometimes, weeks rarely. */
function lateness(random: Random): number {
  const dice = random.next();
  if (dice < 0.85) return random.int(1000, 10 * MINUTE);
  return dice < 0.95 ? random.int(HOUR, 20 * HOUR) : random.int(24 * HOUR, 20 * 24 * HOUR);
}

function send(world: World, day: number, visit: Visit, xml: string, delay: number): void {
  const receivedAt = visit.endedAt + delay;
  const arrival = Math.max(day, utcDay(receivedAt));
  const form = { formId: visit.formId, xml, receivedAt };
  const bag = world.underway.get(arrival);
  if (bag === undefined) world.underway.set(arrival, [form]);
  else bag.push(form);
}

function* arrivals(world: World, day: number): Generator<StoryEvent> {
  const bag = world.underway.get(day) ?? [];
  world.underway.delete(day);
  bag.sort((a, b) => a.receivedAt - b.receivedAt);
  for (const { formId, xml, receivedAt } of bag) {
    world.recent.push({ formId, xml });
    world.now = Math.max(world.now, receivedAt);
    yield { kind: 'form', at: utcText(world.now), formId, xml };
  }
  world.recent.splice(0, world.recent.length - RECENT_FORMS);
}

function* troubles(world: World, day: number, round: number): Generator<StoryEvent> {
  world.now = Math.max(world.now, Date.parse(`${dateText(day)}T23:00:00Z`));
  const at = utcText(world.now);
  const times = Math.min(20, Math.max(1, Math.round(world.programme.forms / 1000)));
  for (let time = 0; time < times; time++) {
    for (const incident of drawIncidents(world, round + time)) yield { kind: 'incident', at, incident };
  }
}
