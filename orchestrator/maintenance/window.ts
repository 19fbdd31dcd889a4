import { wallClock } from '../aggregation/months.js';

/** Hours of the day in which maintenance begins work by itself. */
export interface MaintenanceWindow {
  /** Minutes after midnight. `from` is inclusive, `until` exclusive; a window may go over midnight. Null: always. */
  readonly span: { readonly from: number; readonly until: number } | null;
  readonly timeZone: string;
}

/** `01:00-05:00`, or `always`; as config/environment.ts has checked it. */
export function windowOf(text: string, timeZone: string): MaintenanceWindow {
  const [, fromHour, fromMinute, untilHour, untilMinute] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text) ?? [];
  if (fromHour === undefined) return { span: null, timeZone };
  const minutes = (hour: string | undefined, minute: string | undefined): number =>
    Number(hour) * 60 + Number(minute);
  return {
    span: { from: minutes(fromHour, fromMinute), until: minutes(untilHour, untilMinute) },
    timeZone,
  };
}

export function isOpen({ span, timeZone }: MaintenanceWindow, now: Date): boolean {
  if (span === null) return true;
  const { hour, minute } = wallClock(now, timeZone);
  const at = hour * 60 + minute;
  return span.from <= span.until ? at >= span.from && at < span.until : at >= span.from || at < span.until;
}
