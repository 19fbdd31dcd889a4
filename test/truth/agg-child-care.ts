import { childCare } from './child-care.js';
import { ALL } from './flwc-location.js';
import type { Row, World } from './world.js';

/** What is counted: each measure is 1 for a child that has it. */
const MEASURES: Readonly<Record<string, (child: Row) => boolean>> = {
  children_in_month: () => true,
  alive_in_month: (child) => child['alive_in_month'] === 1,
  thr_eligible: (child) => child['thr_eligible'] === 1,
  pse_eligible: (child) => child['pse_eligible'] === 1,
  gm_eligible: (child) => child['gm_eligible'] === 1,
  born_in_month: isBorn,
  thr_25_days: (child) => child['thr_eligible'] === 1 && Number(child['days_thr_given']) >= 25,
  pse_25_days: (child) => child['pse_eligible'] === 1 && Number(child['days_pse_attended']) >= 25,
  snd_25_days: (child) => child['pse_eligible'] === 1 && Number(child['days_snd_given']) >= 25,
  weight_measured_in_month: (child) => child['weight'] !== null,
  height_measured_in_month: (child) => child['height'] !== null,
  weight_height_measured_in_month: (child) => child['weight'] !== null && child['height'] !== null,
  ...gradeMeasures('hfa'),
  ...gradeMeasures('wfh'),
  ...gradeMeasures('wfa'),
  immediate_bf_in_month: (child) => isBorn(child) && child['immediate_bf'] === 1,
  born_and_weighed_in_month: (child) => isBorn(child) && child['birth_weight'] !== null,
  low_birth_weight_in_month: (child) => isBorn(child) && child['low_birth_weight'] === 1,
};

/** agg_child_care: the children of the month counted by place, age group and gender, at every level. */
export function aggChildCare(world: World, month: string): Row[] {
  const { domain, levels } = world.setting;
  const children = childCare(world, month);
  return levels.flatMap((_, at) => {
    const groups = new Map<string, Record<string, Row[string]>>();
    for (const child of children) {
      const keys = {
        ...Object.fromEntries(
          levels.flatMap((level, index) =>
            ['id', 'name', 'site_code'].map((what) => {
              const column = `${level}_${what}`;
              return [column, index > at ? ALL : (child[column] ?? null)] as const;
            }),
          ),
        ),
        age_group: child['age_group'] ?? null,
        gender: child['gender'] ?? null,
      };
      const name = JSON.stringify(keys);
      const group = groups.get(name) ?? { domain, month, location_level: at + 1, ...keys };
      groups.set(name, group);
      for (const [measure, counts] of Object.entries(MEASURES))
        group[measure] = Number(group[measure] ?? 0) + Number(counts(child));
    }
    return [...groups.values()];
  });
}

function isBorn(child: Row): boolean {
  return child['born_in_month'] === 1;
}

function gradeMeasures(index: string): Record<string, (child: Row) => boolean> {
  const graded = (grade: string) => (child: Row) => child[`zscore_grading_${index}`] === grade;
  return {
    [`${index}_severe_in_month`]: graded('red'),
    [`${index}_moderate_in_month`]: graded('yellow'),
    [`${index}_normal_in_month`]: graded('green'),
  };
}
