import { answerOf, endOf, isLater, monthOfForm, numberOf } from './answers.js';
import type { Measurement, Row, Value, World } from './world.js';

/** Each value's column, the column of its date, and how it is read. */
const VALUES: readonly (readonly [string, string, (form: Measurement) => Value])[] = [
  ['weight', 'last_weight_recorded_date', (form) => numberOf(form.weight)],
  ['height', 'last_height_recorded_date', (form) => numberOf(form.height)],
  ['zscore_grading_hfa', 'last_zscore_grading_hfa_recorded_date', (form) => answerOf(form.hfa)],
  ['zscore_grading_wfh', 'last_zscore_grading_wfh_recorded_date', (form) => answerOf(form.wfh)],
  ['zscore_grading_wfa', 'last_zscore_grading_wfa_recorded_date', (form) => answerOf(form.wfa)],
];

/** child_weight_height_form: each value the last of the month that there is, with the date it came from. */
export function childWeightHeight({ setting, measurements }: World, month: string): Row[] {
  const last = new Map<string, (Measurement | undefined)[]>();
  for (const form of measurements) {
    const { childId } = form;
    if (childId === null || childId === '' || monthOfForm(form, setting) !== month) continue;
    const kept = last.get(childId) ?? VALUES.map(() => undefined);
    last.set(childId, kept);
    VALUES.forEach(([, , read], at) => {
      const before = kept[at];
      if (read(form) !== null && (before === undefined || isLater(form, before))) kept[at] = form;
    });
  }
  return [...last].map(([childId, kept]) => ({
    domain: setting.domain,
    month,
    child_case_id: childId,
    ...Object.fromEntries(
      VALUES.flatMap(([column, dateColumn, read], at) => {
        const form = kept[at];
        return [
          [column, form === undefined ? null : read(form)],
          [dateColumn, form === undefined ? null : endOf(form)],
        ] as const;
      }),
    ),
  }));
}
