import { cursorOf, readCursor } from '../cursor.js';
import type { Table } from '../schemas/lake.js';

export interface TableFilter {
  readonly q?: string | undefined;
  readonly domain?: string | undefined;
  readonly state?: Table['state'] | undefined;
  readonly sort: 'name' | 'rows' | 'freshness' | 'lastCommit';
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * The tables that are asked for, in order, and where the list goes on. What is urgent comes first: most rows, oldest waiting change,
 * newest commit. A cursor names the last table shown with its place, so that a table that moves is at worst shown twice.
 */
export function pageOfTables(
  tables: readonly Table[],
  filter: TableFilter,
): { tables: Table[]; total: number; next: string | null } {
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (table: Table): boolean => {
    const text = `${table.database}.${table.name} ${table.domain} ${table.type}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (filter.domain === undefined || table.domain === filter.domain) &&
      (filter.state === undefined || table.state === filter.state)
    );
  };
  const found = tables
    .filter(matches)
    .map((table) => ({ table, place: placeOf(table, filter.sort) }))
    .sort((a, b) => compare(a.place, b.place));
  const after = readCursor(filter.cursor, 2) as Place | undefined;
  const rest = after === undefined ? found : found.filter((each) => compare(each.place, after) > 0);
  const shown = rest.slice(0, filter.limit);
  const last = shown.at(-1);
  return {
    tables: shown.map((each) => each.table),
    total: found.length,
    next: last === undefined || shown.length === rest.length ? null : cursorOf(last.place),
  };
}

type Place = readonly [value: number | string, name: string];

function placeOf(table: Table, sort: TableFilter['sort']): Place {
  const name = `${table.database}.${table.name}`.toLowerCase();
  switch (sort) {
    case 'name':
      return ['', name];
    case 'rows':
      return [-Number(table.rows ?? 0), name];
    case 'freshness':
      return [-table.freshnessSeconds, name];
    case 'lastCommit':
      return [-(table.lastCommitAt === null ? 0 : Date.parse(table.lastCommitAt)), name];
  }
}

function compare(a: Place, b: Place): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] === b[1] ? 0 : a[1] < b[1] ? -1 : 1;
}
