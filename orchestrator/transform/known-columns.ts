import type { JsonObject, RecordKind } from '../types.js';
import { columnKey } from './column-tree.js';
import { FREE_PART } from './free-part.js';

/** The columns a table is known to have in its free part, and the fields of its lists, as settings name them. */
export function knownColumns(kind: RecordKind, names: JsonObject): string[] {
  return Object.keys(names).flatMap((key) => {
    const path: unknown = JSON.parse(key);
    if (!Array.isArray(path)) return [];
    const keys = path.filter((each): each is string => typeof each === 'string');
    return [columnKey([FREE_PART[kind], ...keys].join('__'))];
  });
}
