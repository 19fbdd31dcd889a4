import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoProgramme } from '../../demo/programme.js';
import { planProgramme } from '../../hq-sim/programme/options.js';
import { LEVELS } from '../../hq-sim/programme/places.js';
import { tellStory } from '../../hq-sim/programme/story.js';
import { aggChildCare } from '../../truth/agg-child-care.js';
import { dayOfForm, monthOfForm } from '../../truth/answers.js';
import { childCare } from '../../truth/child-care.js';
import { monthOfDay } from '../../truth/calendar.js';
import { flwcLocation } from '../../truth/flwc-location.js';
import { serviceEnrollment } from '../../truth/service-enrollment.js';
import type { FormFacts } from '../../truth/world.js';
import { toldWorld } from './told-world.js';

/**
 * What the aggregations have odd rules for must occur in the demo's story, or the comparison of the warehouse with the
 * truth would not try them.
 */
const M = '2026-03-01';
const BEFORE = '2026-02-01';
const world = toldWorld(tellStory(planProgramme(demoProgramme(5400))), {
  ...{ domain: 'd', levels: LEVELS, timeZone: 'UTC' },
});
const children = childCare(world, M);
const membersThere = new Set(world.members.map(({ id }) => id));
const centres = new Set(flwcLocation(world).map((row) => row['flwc_id']));
const places = new Map(world.places.map((place) => [place.id, place]));
const enrolled = new Map(serviceEnrollment(world, M).map((row) => [row['member_case_id'], row]));
const forms: readonly FormFacts[] = [
  ...[...world.enrolments, ...world.measurements, ...world.meals, ...world.rations],
];

/** Each entry counts how often it occurs. */
const OCCURRENCES: Readonly<Record<string, () => number>> = {
  'a child that died, its case still open': () =>
    children.filter((row) => row['alive_in_month'] === 0).length,
  'a child that died in the month': () =>
    children.filter((row) => String(row['death_date'] ?? '') > M && row['alive_in_month'] === 1).length,
  'a case that was closed before the month': () =>
    world.children.filter(({ closedOn }) => closedOn !== null && closedOn < M).length,
  'a child whose member is not in the lake': () =>
    children.filter((row) => !membersThere.has(String(row['member_case_id']))).length,
  'a child with a second index to a member': () =>
    world.children.filter(({ indices }) => indices.filter(({ type }) => type === 'member').length > 1).length,
  'a child of an owner that is no location': () =>
    children.filter((row) => !places.has(String(row['flwc_id']))).length,
  'a child of an archived centre': () =>
    children.filter((row) => places.get(String(row['flwc_id']))?.archived === true).length,
  'a living centre under an archived place': () =>
    world.places.filter(({ id, type, archived }) => type === 'flwc' && !archived && !centres.has(id)).length,
  'a child without a day of birth': () =>
    children.filter((row) => row['dob'] === null && membersThere.has(String(row['member_case_id']))).length,
  'a child that was never enrolled': () =>
    children.filter((row) => !enrolled.has(row['member_case_id'] ?? null)).length,
  'an enrolment carried over from two months ago': () =>
    [...enrolled.values()].filter((row) => String(row['registered_on']) < BEFORE).length,
  'growth monitoring declined in an earlier month': () =>
    children.filter((row) => row['gm_eligible'] === 0 && Number(row['age_in_months']) < 60).length,
  'wishes that a month declined and a later one has not': () =>
    serviceEnrollment(world, BEFORE).filter(
      (row) =>
        row['want_nutrition_services'] === 0 &&
        enrolled.get(row['member_case_id'] ?? null)?.['want_nutrition_services'] === 1,
    ).length,
  'a weight of nothing': () => world.measurements.filter(({ weight }) => weight === '').length,
  'rations of no number of days': () => world.rations.filter(({ days }) => days === '').length,
  'a child weighed twice in the month': () => doubles(world.measurements, (form) => form.childId ?? ''),
  'two meals of one child on one day': () =>
    doubles(
      world.meals.flatMap((form) => form.listed.map((child) => ({ ...form, child }))),
      (form) => `${form.child} ${dayOfForm(form, world.setting)}`,
    ),
  'a form received in a later month than it ended': () =>
    forms.filter((form) => monthOfDay(form.receivedOn.slice(0, 10)) > monthOfForm(form, world.setting))
      .length,
  'a form that ended in another month by the phone’s own time': () =>
    forms.filter(
      (form) =>
        form.timeEnd !== null && monthOfDay(form.timeEnd.slice(0, 10)) !== monthOfForm(form, world.setting),
    ).length,
  'a child older than 72 months': () =>
    children.filter((row) => row['age_group'] === null && row['dob'] !== null).length,
  'a child born in the month': () => children.filter((row) => row['born_in_month'] === 1).length,
};

for (const [what, count] of Object.entries(OCCURRENCES)) {
  test(`the demo's story knows ${what}`, () => {
    assert.ok(count() > 0);
  });
}

test('every measure of the programme counts something in the demo’s story', () => {
  const top = aggChildCare(world, M).filter((row) => row['location_level'] === 1);
  for (const measure of Object.keys(top[0] ?? {}).filter((name) => /_in_month$|_days$|_eligible$/.test(name)))
    assert.ok(
      top.some((row) => Number(row[measure]) > 0),
      measure,
    );
});

function doubles<Form extends FormFacts>(list: readonly Form[], keyOf: (form: Form) => string): number {
  const own = list.filter((form) => monthOfForm(form, world.setting) === M).map(keyOf);
  return own.length - new Set(own).size;
}
