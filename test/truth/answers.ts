import { dayIn, isDay, momentOf, monthOfDay } from './calendar.js';
import type { FormFacts, Setting } from './world.js';

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** In numbers, dates, grades and yes/no answers '' counts as null. */
export function answerOf(text: string | null): string | null {
  return text === '' ? null : text;
}

/** Null for '' and for what is not wholly a number. */
export function numberOf(text: string | null): number | null {
  if (text === null || !NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Null for '' and for what is not wholly a day of the calendar. */
export function dayOf(text: string | null): string | null {
  return text !== null && isDay(text) ? text : null;
}

/** The ids of a space-separated answer. */
export function idsOf(text: string | null): Set<string> {
  return new Set((text ?? '').split(' ').filter((id) => id !== ''));
}

/** When a form ended, in UTC; null when it does not say. */
export function endOf(form: FormFacts): string | null {
  return momentOf(form.timeEnd);
}

/** The day of a form: its timeEnd's, else that on which HQ received it. */
export function dayOfForm(form: FormFacts, { timeZone }: Setting): string {
  return dayIn(timeZone, endOf(form) ?? form.receivedOn);
}

export function monthOfForm(form: FormFacts, setting: Setting): string {
  return monthOfDay(dayOfForm(form, setting));
}

/** Whether `a` comes after `b`: by timeEnd (none comes first), then received_on, then id. */
export function isLater(a: FormFacts, b: FormFacts): boolean {
  const [left, right] = [a, b].map((form) => [endOf(form) ?? '', form.receivedOn, form.id] as const);
  if (left === undefined || right === undefined) return false;
  const at = left.findIndex((text, index) => text !== right[index]);
  return at !== -1 && (left[at] ?? '') > (right[at] ?? '');
}

/** The later of two moments, where there may be none. */
export function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
