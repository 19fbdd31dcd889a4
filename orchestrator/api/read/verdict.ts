import type { Health } from '../schemas/common.js';
import type { Topic } from '../schemas/lake.js';

/** All that the one line is made of. */
export interface Standing {
  readonly topics: readonly Topic[];
  readonly haltedTables: readonly {
    readonly name: string;
    readonly topic: string;
    readonly reason: string | null;
  }[];
  readonly pausedAll: { readonly by: string; readonly reason: string } | null;
  readonly failedMonths: number;
  readonly staleMonths: number;
  readonly kafkaReason: string | null;
  readonly quarantined: number;
  /** Seconds since the newest commit; null: there was none. */
  readonly newestSeconds: number | null;
}

export interface Verdict {
  readonly health: Health;
  readonly text: string;
}

/** Reasons hold codes, table names, whole messages: the line shows their beginning. */
const LONGEST_REASON = 140;
const SLOW_SECONDS = 600;

/** One sentence for somebody who was just woken: the worst thing, in plain words, and whether there is more. */
export function verdictOf(standing: Standing): Verdict {
  const found = concerns(standing);
  const [worst] = found;
  if (worst === undefined) return current(standing);
  const more = found.length - 1;
  return { health: worst.health, text: more === 0 ? worst.text : `${worst.text} (and ${more} more)` };
}

/** What needs somebody, the worst first. */
function concerns(standing: Standing): Verdict[] {
  const bad: Verdict[] = [];
  const warnings: Verdict[] = [];
  const { topics, haltedTables, pausedAll } = standing;
  for (const topic of topics.filter(({ state }) => state === 'halted'))
    bad.push({ health: 'bad', text: `${behind(topic)} and halted: ${short(topic.reason)}` });
  const told = new Set<string>();
  for (const table of haltedTables) {
    const topic = topics.find(({ name }) => name === table.topic);
    if (topic?.state === 'halted') continue;
    const isHeld = topic !== undefined && (topic.lagSeconds ?? 0) > SLOW_SECONDS && !told.has(topic.name);
    if (topic !== undefined) told.add(topic.name);
    const what = `table ${table.name} is halted: ${short(table.reason)}`;
    bad.push({ health: 'bad', text: isHeld ? `${behind(topic)} and not moving: ${what}` : capital(what) });
  }
  if (pausedAll !== null)
    warnings.push({
      health: 'warning',
      text: `Everything is paused by ${pausedAll.by}: ${short(pausedAll.reason)}`,
    });
  else
    for (const topic of topics.filter(({ state }) => state === 'paused'))
      warnings.push({ health: 'warning', text: `${behind(topic)} and paused: ${short(topic.reason)}` });
  for (const topic of topics.filter(({ state }) => state === 'running')) {
    if ((topic.lagSeconds ?? 0) <= SLOW_SECONDS || told.has(topic.name)) continue;
    const when =
      topic.secondsToCatchUp === null
        ? 'and not moving'
        : `caught up in about ${spanText(topic.secondsToCatchUp)}`;
    warnings.push({ health: 'warning', text: `${behind(topic)}, ${when}` });
  }
  if (standing.failedMonths > 0)
    warnings.push({
      health: 'warning',
      text: `${counted(standing.failedMonths, 'month')} of aggregations failed`,
    });
  if (standing.kafkaReason !== null)
    warnings.push({ health: 'warning', text: `${standing.kafkaReason}: how far behind we are is not known` });
  if (topics.length === 0)
    warnings.push({ health: 'warning', text: 'Nothing was ingested yet: start `dimagi-lake up`' });
  return [...bad, ...warnings];
}

function current({ topics, newestSeconds, quarantined, staleMonths }: Standing): Verdict {
  const lag = topics.reduce((sum, topic) => sum + (topic.lag ?? 0), 0);
  const notes = [
    ...(newestSeconds === null ? [] : [`newest data ${spanText(newestSeconds)} old`]),
    ...(staleMonths > 0 ? [`${counted(staleMonths, 'month')} stale`] : []),
    ...(quarantined > 0 ? [`${counted(quarantined, 'record')} set aside`] : []),
  ];
  const rest = notes.length === 0 ? '' : `, ${notes.join(', ')}`;
  if (lag > 0) return { health: 'busy', text: `Working: ${counted(lag, 'message')} on the way${rest}` };
  return { health: 'ok', text: `All current: ${counted(topics.length, 'topic')}${rest}` };
}

function behind(topic: Topic): string {
  return topic.lagSeconds === null || topic.lagSeconds < 1
    ? `${topic.name} is up to date`
    : `${topic.name} is ${spanText(topic.lagSeconds)} behind`;
}

/** A span as people say it. */
export function spanText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function short(reason: string | null): string {
  const line = (reason ?? 'no reason is noted').split('\n')[0] ?? '';
  return line.length <= LONGEST_REASON ? line : `${line.slice(0, LONGEST_REASON - 1)}…`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
