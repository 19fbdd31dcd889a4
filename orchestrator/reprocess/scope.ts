import { didYouMean } from '../config/did-you-mean.js';
import { domainOf, isKept, isListed, type LakeConfig } from '../config/lake.js';
import { LakeError } from '../errors.js';
import type { NamedTable, RequestScope } from '../ledger/reprocess.js';
import { KIND_OF_TOPIC, TOPIC_OF_KIND, TOPICS, type RecordKind, type Topic } from '../types.js';

/** What a scope is held against. */
export interface ScopeFacts {
  readonly config: LakeConfig;
  /** Tables of the scope's domain. */
  readonly tables: readonly NamedTable[];
  readonly now: Date;
}

/** Records of one topic that a scope means. */
export interface Target {
  readonly topic: Topic;
  readonly kind: RecordKind;
  /** Case types or xmlns; null: every one. */
  readonly types: readonly string[] | null;
}

const WAYS = ['ids', 'from', 'month', 'offsets'] as const;
const FIRST_OF_MONTH = /^\d{4}-(0[1-9]|1[0-2])-01$/;

/** @throws LakeError SCOPE_INVALID with every fault */
export function requireScope(scope: RequestScope, facts: ScopeFacts): void {
  const faults = scopeFaults(scope, facts);
  if (faults.length === 0) return;
  const list = faults.length === 1 ? (faults[0] ?? '') : `${faults.length} faults:\n  ${faults.join('\n  ')}`;
  throw new LakeError('SCOPE_INVALID', `The scope cannot be read again: ${list}`, { facts: { faults } });
}

/** Every reason why a scope cannot be read again; none: it can. */
function scopeFaults(scope: RequestScope, facts: ScopeFacts): string[] {
  return [
    ...domainFaults(scope, facts),
    ...wayFaults(scope),
    ...timeFaults(scope, facts),
    ...idFaults(scope),
  ];
}

function domainFaults(scope: RequestScope, { config, tables }: ScopeFacts): string[] {
  const { domain, table: name, topic } = scope;
  if (domainOf(config, domain) === undefined) {
    const domains = Object.keys(config.domains);
    return [
      `lake.yaml has no domain "${domain}"; ${guess(domain, domains)}its domains are ${domains.join(', ')}`,
    ];
  }
  const faults: string[] = [];
  if (topic !== undefined && !isKept(config, domain, KIND_OF_TOPIC[topic]))
    faults.push(`lake.yaml keeps nothing of ${topic} of the domain "${domain}"`);
  if (name === undefined) return faults;
  const table = findTable(name, tables);
  if (table === undefined) {
    const names = tables.map((each) => each.name);
    const known = names.length === 0 ? 'it has none yet' : `its tables are ${names.join(', ')}`;
    return [...faults, `the domain "${domain}" has no table "${name}"; ${guess(name, names)}${known}`];
  }
  if (!isListed(config, domain, table.kind, table.type))
    faults.push(`lake.yaml no longer keeps the records of ${table.name}: reading them again would empty it`);
  if (topic !== undefined && topic !== TOPIC_OF_KIND[table.kind])
    faults.push(`the records of ${table.name} come from ${TOPIC_OF_KIND[table.kind]}, not from ${topic}`);
  if (scope.offsets !== undefined)
    faults.push('offsets name messages of a topic, whatever their table: leave the table out');
  if (scope.month !== undefined && table.kind === 'location') faults.push('locations have no month');
  return faults;
}

function wayFaults(scope: RequestScope): string[] {
  const faults: string[] = [];
  const given = WAYS.filter((way) => scope[way] !== undefined);
  if (given.length > 1)
    faults.push(`${given.join(' and ')} are different ways to choose records: give one of them`);
  if (scope.offsets !== undefined && scope.topic === undefined)
    faults.push(`offsets need their topic: ${TOPICS.join(', ')}`);
  for (const { partition, from, until } of scope.offsets ?? [])
    if (BigInt(from) >= BigInt(until))
      faults.push(
        `the offsets of partition ${partition} end (${until}) where they begin (${from}) or before`,
      );
  const partitions = (scope.offsets ?? []).map(({ partition }) => partition);
  if (new Set(partitions).size < partitions.length) faults.push('a partition is named twice');
  if (scope.month !== undefined && scope.topic === 'location') faults.push('locations have no month');
  return faults;
}

function timeFaults({ from, until, month }: RequestScope, { now }: ScopeFacts): string[] {
  const faults: string[] = [];
  if ((from === undefined) !== (until === undefined)) faults.push('from and until go together');
  for (const [name, moment] of [
    ['from', from],
    ['until', until],
  ] as const) {
    if (moment === undefined) continue;
    if (Number.isNaN(Date.parse(moment)))
      faults.push(`${name}: "${moment}" is no moment such as 2026-01-31T00:00:00Z`);
    else if (Date.parse(moment) > now.getTime()) faults.push(`${name}: ${moment} is in the future`);
  }
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
    faults.push(`from (${from}) must be before until (${until})`);
  if (month !== undefined && !FIRST_OF_MONTH.test(month))
    faults.push(`month: "${month}" is not the first of a month such as 2026-01-01`);
  // A day ahead of UTC is as far as a time zone goes.
  else if (month !== undefined && Date.parse(month) > now.getTime() + 86_400_000)
    faults.push(`month: ${month} is in the future`);
  return faults;
}

function idFaults({ ids }: RequestScope): string[] {
  if (ids === undefined) return [];
  if (ids.length === 0) return ['no id is given'];
  const odd = ids.filter((id) => id === '' || id.includes('\0') || /\p{Surrogate}/u.test(id)).length;
  return odd === 0
    ? []
    : [`${odd} of the ids are empty, or hold a NUL or half a character, which no id in HQ does`];
}

function guess(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? '' : `did you mean ${near}? `;
}

function findTable(name: string, tables: readonly NamedTable[]): NamedTable | undefined {
  return tables.find((each) => each.name.toLowerCase() === name.toLowerCase());
}

/** The same request in the same words, whatever order and case it was asked in: keys of requests compare by it. */
export function plainScope(scope: RequestScope, tables: readonly NamedTable[]): RequestScope {
  const { domain, table, ids, from, until, month, offsets, topic } = scope;
  return {
    domain,
    ...(table === undefined ? {} : { table: findTable(table, tables)?.name ?? table }),
    ...(ids === undefined ? {} : { ids: [...new Set(ids)].sort() }),
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(month === undefined ? {} : { month }),
    ...(offsets === undefined
      ? {}
      : {
          offsets: [...offsets]
            .map(({ partition, from: first, until: end }) => ({
              partition,
              from: BigInt(first).toString(),
              until: BigInt(end).toString(),
            }))
            .sort((a, b) => a.partition - b.partition),
        }),
    ...(topic === undefined ? {} : { topic }),
  };
}

/** The records that a scope means, by topic; none for a domain, table or topic that is kept no more. */
export function targetsOf(scope: RequestScope, config: LakeConfig, tables: readonly NamedTable[]): Target[] {
  const { domain, topic } = scope;
  const own = domainOf(config, domain);
  if (own === undefined) return [];
  if (scope.table !== undefined) {
    const table = findTable(scope.table, tables);
    if (table === undefined || !isListed(config, domain, table.kind, table.type)) return [];
    const { kind, type } = table;
    return [{ topic: TOPIC_OF_KIND[kind], kind, types: kind === 'location' ? null : [type] }];
  }
  return TOPICS.flatMap((each): Target[] => {
    const kind = KIND_OF_TOPIC[each];
    if (!isKept(config, domain, kind) || (topic !== undefined && topic !== each)) return [];
    if (kind === 'location') return scope.month === undefined ? [{ topic: each, kind, types: null }] : [];
    const types = Object.keys(kind === 'case' ? own.cases : own.forms);
    return [{ topic: each, kind, types: types.includes('*') ? null : types }];
  });
}
