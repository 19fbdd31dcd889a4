import { endOf, idsOf, latest, monthOfForm, numberOf } from './answers.js';
import type { Row, World } from './world.js';

/** child_thr_form: the days of take-home ration that each listed child got in the month. */
export function childThr({ setting, rations }: World, month: string): Row[] {
  const sums = new Map<string, { days: number; last: string | null }>();
  for (const form of rations) {
    if (monthOfForm(form, setting) !== month) continue;
    const received = idsOf(form.received);
    const given = numberOf(form.days) ?? 0;
    // A child that one form lists twice got its ration once.
    for (const child of new Set(form.listed)) {
      if (child === '') continue;
      const sum = sums.get(child) ?? { days: 0, last: null };
      sums.set(child, sum);
      if (received.has(child)) sum.days += given;
      sum.last = latest(sum.last, endOf(form));
    }
  }
  return [...sums].map(([child, { days, last }]) => ({
    domain: setting.domain,
    month,
    child_case_id: child,
    days_thr_given: days,
    last_timeend_processed: last,
  }));
}
