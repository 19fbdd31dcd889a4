import { createHmac } from 'node:crypto';
import type { MaskWay } from '../config/maskable.js';

/** What becomes of one text. */
export type MaskText = (text: string) => string | null;

/**
 * @param key of the hash; lake.yaml that hashes is refused without one
 * @returns undefined when nothing at all is to be left of a value
 */
export function maskText(way: MaskWay, key: string | undefined): MaskText | undefined {
  if (way === 'drop') return undefined;
  if (way === 'year') return (text) => (text === '' ? '' : yearOf(text));
  if (key === undefined) throw new RangeError('a mask by hash has no key');
  // '' stays: nobody is named by it, and a hash would make "not answered" a person.
  return (text) => (text === '' ? '' : createHmac('sha256', key).update(text).digest('hex'));
}

const YEAR_FIRST = /^(\d{4})(?:[-/.]\d{1,2}(?:[-/.]\d{1,2}(?:[T ].*)?)?)?$/s;
const YEAR_LAST = /^\d{1,2}[-/.]\d{1,2}[-/.](\d{4})$/;

/** The year of a date as people and phones write it; null of any other text, which may be anything. */
function yearOf(text: string): string | null {
  const trimmed = text.trim();
  return (YEAR_FIRST.exec(trimmed) ?? YEAR_LAST.exec(trimmed))?.[1] ?? null;
}
