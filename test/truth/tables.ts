import { aggChildCare } from './agg-child-care.js';
import { childCare } from './child-care.js';
import { childThr } from './child-thr.js';
import { childWeightHeight } from './child-weight-height.js';
import { flwcLocation } from './flwc-location.js';
import { serviceEnrollment } from './service-enrollment.js';
import { supplementaryNutrition } from './supplementary-nutrition.js';
import type { Row, World } from './world.js';

/** An aggregation: what it must hold, and the columns that tell its rows apart. */
export interface TrueTable {
  readonly table: string;
  readonly monthly: boolean;
  readonly keysOf: (levels: readonly string[]) => readonly string[];
  readonly rowsOf: (world: World, month: string) => Row[];
}

const ofChild = (): readonly string[] => ['child_case_id', 'month'];
const idsOf = (levels: readonly string[]): string[] => levels.map((level) => `${level}_id`);

export const TRUE_TABLES: readonly TrueTable[] = [
  {
    table: 'flwc_location',
    monthly: false,
    keysOf: (levels) => ['location_level', ...idsOf(levels)],
    rowsOf: flwcLocation,
  },
  {
    table: 'service_enrollment_form',
    monthly: true,
    keysOf: () => ['member_case_id', 'month'],
    rowsOf: serviceEnrollment,
  },
  { table: 'child_weight_height_form', monthly: true, keysOf: ofChild, rowsOf: childWeightHeight },
  { table: 'supplementary_nutrition_form', monthly: true, keysOf: ofChild, rowsOf: supplementaryNutrition },
  { table: 'child_thr_form', monthly: true, keysOf: ofChild, rowsOf: childThr },
  { table: 'child_care_monthly', monthly: true, keysOf: () => ['case_id', 'month'], rowsOf: childCare },
  {
    table: 'agg_child_care',
    monthly: true,
    keysOf: (levels) => ['month', 'location_level', ...idsOf(levels), 'age_group', 'gender'],
    rowsOf: aggChildCare,
  },
];
