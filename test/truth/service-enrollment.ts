import { endOf, isLater, monthOfForm } from './answers.js';
import type { Enrolment, Row, World } from './world.js';

/**
 * service_enrollment_form: the last form of the month of each member; without one, what the month before had. As that
 * goes back to the first month of all, it is the last form of the newest month that has one, up to the month asked for.
 */
export function serviceEnrollment({ setting, enrolments }: World, month: string): Row[] {
  const last = new Map<string, { readonly form: Enrolment; readonly month: string }>();
  for (const form of enrolments) {
    const { memberId } = form;
    const own = monthOfForm(form, setting);
    if (memberId === null || memberId === '' || own > month) continue;
    const before = last.get(memberId);
    const newer =
      before === undefined || own > before.month || (own === before.month && isLater(form, before.form));
    if (newer) last.set(memberId, { form, month: own });
  }
  return [...last].map(([memberId, { form }]) => ({
    domain: setting.domain,
    month,
    member_case_id: memberId,
    registered_on: endOf(form),
    want_nutrition_services: wants(form.nutrition),
    want_growth_tracking_services: wants(form.growthTracking),
    want_counselling_services: wants(form.counselling),
  }));
}

function wants(answer: string | null): number {
  return answer === 'no' ? 0 : 1;
}
