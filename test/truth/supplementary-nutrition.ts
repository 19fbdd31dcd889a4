import { dayOfForm, endOf, idsOf, latest, monthOfForm } from './answers.js';
import type { Row, World } from './world.js';

interface Days {
  readonly attended: Set<string>;
  readonly served: Set<string>;
  last: string | null;
}

/** supplementary_nutrition_form: on how many days of the month a listed child came, and on how many it was served. */
export function supplementaryNutrition({ setting, meals }: World, month: string): Row[] {
  const days = new Map<string, Days>();
  for (const form of meals) {
    if (monthOfForm(form, setting) !== month) continue;
    const day = dayOfForm(form, setting);
    const present = idsOf(form.present);
    const served = idsOf(form.served);
    for (const child of form.listed) {
      if (child === '') continue;
      const own: Days = days.get(child) ?? { attended: new Set(), served: new Set(), last: null };
      days.set(child, own);
      if (present.has(child)) own.attended.add(day);
      if (served.has(child)) own.served.add(day);
      own.last = latest(own.last, endOf(form));
    }
  }
  return [...days].map(([child, { attended, served, last }]) => ({
    domain: setting.domain,
    month,
    child_case_id: child,
    total_pse_attended: attended.size,
    total_snd_given: served.size,
    last_timeend_processed: last,
  }));
}
