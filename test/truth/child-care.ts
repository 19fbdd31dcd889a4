import { dayOf, numberOf } from './answers.js';
import { dayIn, daysBetween, monthOfDay, nextMonth } from './calendar.js';
import { childThr } from './child-thr.js';
import { childWeightHeight } from './child-weight-height.js';
import { livingCentresById } from './flwc-location.js';
import { serviceEnrollment } from './service-enrollment.js';
import { supplementaryNutrition } from './supplementary-nutrition.js';
import type { Child, Index, Member, Place, Row, World } from './world.js';

const AGE_GROUPS = [6, 12, 24, 36, 48, 60, 72];
const DAYS_A_MONTH = 30.4;

/** What the other aggregations say of the month, by the id each is looked up by. */
interface Tables {
  readonly members: ReadonlyMap<string, Member>;
  readonly centres: ReadonlyMap<string, ReadonlyMap<string, Place>>;
  readonly enrolments: ReadonlyMap<string, Row>;
  readonly measures: ReadonlyMap<string, Row>;
  readonly meals: ReadonlyMap<string, Row>;
  readonly rations: ReadonlyMap<string, Row>;
}

/** child_care_monthly: one row per child_care case of a member that was opened in or before the month and not closed before. */
export function childCare(world: World, month: string): Row[] {
  const tables: Tables = {
    members: new Map(world.members.map((member) => [member.id, member])),
    centres: livingCentresById(world),
    enrolments: by('member_case_id', serviceEnrollment(world, month)),
    measures: by('child_case_id', childWeightHeight(world, month)),
    meals: by('child_case_id', supplementaryNutrition(world, month)),
    rations: by('child_case_id', childThr(world, month)),
  };
  const rows: Row[] = [];
  for (const child of world.children) {
    const parent = parentOf(child);
    if (parent !== null && isOpenIn(child, month, world.setting.timeZone))
      rows.push(rowOf(world, tables, child, parent, month));
  }
  return rows;
}

/** HQ holds one index of an identifier; were there two, the one with the lesser id counts. */
function parentOf({ indices }: Child): Index | null {
  const parents = indices.filter(
    ({ identifier, type, id }) => identifier === 'parent' && type === 'member' && id !== '',
  );
  return parents.reduce<Index | null>(
    (least, one) => (least === null || one.id < least.id ? one : least),
    null,
  );
}

function isOpenIn({ openedOn, closed, closedOn }: Child, month: string, timeZone: string): boolean {
  if (openedOn === null || monthOfDay(dayIn(timeZone, openedOn)) > month) return false;
  // Closed, no one knows when: then it is not known to have been closed before.
  return !closed || closedOn === null || dayIn(timeZone, closedOn) >= month;
}

function rowOf({ setting }: World, tables: Tables, child: Child, parent: Index, month: string): Row {
  const member = tables.members.get(parent.id);
  const dob = dayOf(member?.dob ?? null);
  const death = dayOf(member?.deathDate ?? null);
  const age = dob === null ? null : daysBetween(dob, month) / DAYS_A_MONTH;
  const alive = death === null || death > month;
  const wants = wishes(tables.enrolments.get(parent.id), month, setting.timeZone);
  const eligible = eligibility(age, alive, wants);
  return {
    domain: setting.domain,
    month,
    case_id: child.id,
    ...placeColumns(setting.levels, child.ownerId, tables.centres.get(child.ownerId)),
    member_case_id: parent.id,
    name: member?.name ?? null,
    dob,
    gender: member?.gender ?? null,
    death_date: death,
    mother_member_case_id: member?.motherId ?? null,
    age_in_months: age,
    age_in_months_end: dob === null ? null : daysBetween(dob, nextMonth(month)) / DAYS_A_MONTH,
    age_group: age === null ? null : (AGE_GROUPS.find((months) => age <= months) ?? null),
    alive_in_month: Number(alive),
    born_in_month: Number(dob !== null && dob >= month && dob < nextMonth(month)),
    want_nutrition_services: Number(wants.nutrition),
    want_growth_tracking_services: Number(wants.growthTracking),
    want_counselling_services: Number(wants.counselling),
    gm_eligible: Number(eligible.gm),
    pse_eligible: Number(eligible.pse),
    thr_eligible: Number(eligible.thr),
    ...measureColumns(eligible.gm ? tables.measures.get(child.id) : undefined),
    days_pse_attended: (eligible.pse ? tables.meals.get(child.id)?.['total_pse_attended'] : 0) ?? 0,
    days_snd_given: (eligible.pse ? tables.meals.get(child.id)?.['total_snd_given'] : 0) ?? 0,
    days_thr_given: (eligible.thr ? tables.rations.get(child.id)?.['days_thr_given'] : 0) ?? 0,
    birth_weight: numberOf(child.birthWeight),
    low_birth_weight: Number(child.lowBirthWeight === 'yes'),
    immediate_bf: Number(child.breastfeedingInitiated === 'yes'),
  };
}

interface Wishes {
  readonly nutrition: boolean;
  readonly growthTracking: boolean;
  readonly counselling: boolean;
}

/** Wanted unless it was declined before the month; who is not enrolled counts as wanting. */
function wishes(enrolment: Row | undefined, month: string, timeZone: string): Wishes {
  const registeredOn = enrolment?.['registered_on'];
  const lately = typeof registeredOn === 'string' && dayIn(timeZone, registeredOn) >= month;
  const wants = (column: string): boolean => enrolment?.[column] !== 0 || lately;
  return {
    nutrition: wants('want_nutrition_services'),
    growthTracking: wants('want_growth_tracking_services'),
    counselling: wants('want_counselling_services'),
  };
}

function eligibility(age: number | null, alive: boolean, { nutrition, growthTracking }: Wishes) {
  const within = (above: number, upTo: number): boolean => age !== null && age > above && age <= upTo;
  return {
    gm: alive && within(-Infinity, 60) && growthTracking,
    pse: alive && within(36, 72) && nutrition,
    thr: alive && within(6, 36) && nutrition,
  };
}

/** The owner is the centre, living or not; only of a living one names and ancestors are known. */
function placeColumns(
  levels: readonly string[],
  ownerId: string,
  centre: ReadonlyMap<string, Place> | undefined,
): Row {
  const lowest = levels.at(-1);
  return Object.fromEntries(
    levels.flatMap((level) => {
      const place = centre?.get(level);
      return [
        [`${level}_id`, level === lowest ? ownerId : (place?.id ?? null)],
        [`${level}_name`, place?.name ?? null],
        [`${level}_site_code`, place?.siteCode ?? null],
      ];
    }),
  );
}

function measureColumns(measures: Row | undefined): Row {
  const columns = ['weight', 'height', 'zscore_grading_hfa', 'zscore_grading_wfh', 'zscore_grading_wfa'];
  return Object.fromEntries(columns.map((column) => [column, measures?.[column] ?? null]));
}

function by(column: string, rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [String(row[column]), row]));
}
