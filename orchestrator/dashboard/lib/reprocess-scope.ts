import type { ReprocessScope } from './answers.js';

/** Ways to choose what is read again; `everything` may still be of one table. */
export const WAYS = ['everything', 'ids', 'window', 'month', 'offsets', 'migration'] as const;
export type Way = (typeof WAYS)[number];

/** What stands in the form, as text. */
export interface ScopeForm {
  readonly domain: string;
  readonly table: string;
  readonly way: Way;
  readonly ids: string;
  readonly from: string;
  readonly until: string;
  readonly month: string;
  readonly topic: string;
  readonly offsets: string;
}

const OFFSET_LINE = /^\s*(\d+)\s*[:,\s]\s*(\d+)\s*[-–,\s]\s*(\d+)\s*$/;
const MOST_IDS = 100_000;

/** The scope that a form asks for, or what is still missing in it, in words. */
export function scopeOf(form: ScopeForm): { scope: ReprocessScope } | { missing: string } {
  const { domain, table, way } = form;
  if (domain === '') return { missing: 'Choose a domain.' };
  const base: ReprocessScope = table === '' || way === 'migration' ? { domain } : { domain, table };
  if (way === 'everything' || way === 'migration') return { scope: base };
  if (way === 'ids') return withIds(base, form.ids);
  if (way === 'window') return withWindow(base, form);
  if (way === 'month') {
    if (!/^\d{4}-\d{2}$/.test(form.month)) return { missing: 'Choose a month.' };
    return { scope: { ...base, month: `${form.month}-01` } };
  }
  return withOffsets(base, form);
}

function withIds(base: ReprocessScope, text: string): { scope: ReprocessScope } | { missing: string } {
  const ids = [...new Set(text.split(/[\s,;]+/).filter((id) => id !== ''))];
  if (ids.length === 0) return { missing: 'Name at least one record.' };
  if (ids.length > MOST_IDS)
    return { missing: 'Name at most 100,000 records; for more choose a time window.' };
  return { scope: { ...base, ids } };
}

function withWindow(
  base: ReprocessScope,
  { from, until }: ScopeForm,
): { scope: ReprocessScope } | { missing: string } {
  if (from === '' || until === '') return { missing: 'Say from when until when.' };
  if (Date.parse(from) >= Date.parse(until)) return { missing: 'The end must be after the beginning.' };
  return {
    scope: { ...base, from: new Date(from).toISOString(), until: new Date(until).toISOString() },
  };
}

function withOffsets(
  base: ReprocessScope,
  { topic, offsets: text }: ScopeForm,
): { scope: ReprocessScope } | { missing: string } {
  if (topic !== 'form-sql' && topic !== 'case-sql' && topic !== 'location')
    return { missing: 'Choose the topic of the offsets.' };
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return { missing: 'Name at least one range of offsets.' };
  const offsets: NonNullable<ReprocessScope['offsets']> = [];
  for (const line of lines) {
    const [, partition, from, until] = OFFSET_LINE.exec(line) ?? [];
    if (partition === undefined || from === undefined || until === undefined)
      return { missing: `“${line.trim()}” is no range: write partition: from - until.` };
    if (BigInt(from) >= BigInt(until))
      return { missing: `“${line.trim()}” is empty: the end must be larger.` };
    offsets.push({ partition: Number(partition), from, until });
  }
  return { scope: { ...base, topic, offsets } };
}
