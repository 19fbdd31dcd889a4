import type { Query } from './api.js';

/** Times back that can be chosen; the address keeps the word, so that a shared link goes on meaning `the last day`. */
export const WITHIN = [
  { value: '1h', label: 'Last hour', seconds: 3_600 },
  { value: '24h', label: 'Last 24 hours', seconds: 86_400 },
  { value: '7d', label: 'Last 7 days', seconds: 7 * 86_400 },
  { value: '30d', label: 'Last 30 days', seconds: 30 * 86_400 },
] as const;

const MINUTE_MS = 60_000;

/** The API's filters of an address. `now` counts by the minute, so that the same question is asked again, not a new one. */
export function jobFilters(address: Readonly<Record<string, string>>, now: number): Query {
  const { q, kind, state, topic, domain, table, month, failureClass, since, until, within } = address;
  const back = WITHIN.find(({ value }) => value === within);
  const from = Math.floor(now / MINUTE_MS) * MINUTE_MS - (back?.seconds ?? 0) * 1000;
  return {
    q,
    kind,
    state,
    topic,
    domain,
    table,
    month,
    failureClass,
    since: back === undefined ? since : new Date(from).toISOString(),
    until,
  };
}
