import { OVERFLOW_KEY, type StagedLayout } from '../shape/layout.js';
import type { HomelessKey } from '../shape/turned-away.js';
import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { keyOfItem } from './rescued.js';
import { joinSql, sql, type Sql } from './text.js';

/** `_overflow` of a lane (shape/overflow.ts): what was staged as overflow, and what the table has no column for. */
export const OVERFLOW_TYPE = sql`MAP<STRING, STRING>`;

const ENTRIES = sql`ARRAY<STRUCT<key: STRING, value: STRING>>`;
const NONE = sql`CAST(array() AS ${ENTRIES})`;

/** The staged column of overflow, when the files have one. */
export function stagedOverflow(layout: StagedLayout): Sql[] {
  return layout.turnedAway === undefined ? [] : [sql`${identifier(OVERFLOW_KEY)} ${ENTRIES}`];
}

/** The map of a row of \`row\`; null when every text has a column. Keys differ, so the map can be made. */
export function overflowOf(layout: StagedLayout, homeless: readonly HomelessKey[], row: Sql): Sql {
  const staged = layout.turnedAway === undefined ? undefined : sql`${row}.${identifier(OVERFLOW_KEY)}`;
  if (homeless.length === 0)
    return staged === undefined ? sql`CAST(NULL AS ${OVERFLOW_TYPE})` : sql`map_from_entries(${staged})`;
  const lifted = entriesOf(homeless, row, (part) => literal(part), 0);
  const all = staged === undefined ? lifted : sql`concat(coalesce(${staged}, ${NONE}), ${lifted})`;
  // Worked out once for the row, as `_rescued` is.
  return sql`transform(array(filter(${all}, e -> e.value IS NOT NULL)), e -> CASE WHEN size(e) > 0 THEN map_from_entries(e) END)[0]`;
}

/** An array of (key, text or null), never null itself. */
function entriesOf(keys: readonly HomelessKey[], row: Sql, keyOf: (part: string) => Sql, depth: number): Sql {
  const texts: Sql[] = [];
  const lists: Sql[] = [];
  for (const { staged, part, items } of keys) {
    const value = sql`${row}.${identifier(staged)}`;
    if (items === undefined) {
      texts.push(sql`named_struct('key', ${keyOf(part)}, 'value', ${value})`);
      continue;
    }
    const [element, index] = [identifier(`e${depth}`), identifier(`i${depth}`)];
    const item = keyOfItem(keyOf(part), index);
    const below = entriesOf(
      items,
      element,
      (own) => (own === '' ? item : sql`concat(${item}, ${literal(own)})`),
      depth + 1,
    );
    lists.push(sql`coalesce(flatten(transform(${value}, (${element}, ${index}) -> ${below})), ${NONE})`);
  }
  const parts = [...(texts.length === 0 ? [] : [sql`array(${joinSql(texts, ', ')})`]), ...lists];
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : sql`concat(${joinSql(parts, ', ')})`;
}
