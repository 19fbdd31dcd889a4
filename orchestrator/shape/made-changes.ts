import { foldCase } from './fold-case.js';
import { madeOf } from './made-columns.js';
import type { SchemaChange } from './schema-changes.js';
import type { KnownShape, TargetShape } from './target-shape.js';

/** What lake.yaml's renames and derived columns change of a table that is there: every row is written anew. */
export function madeChanges(
  table: Pick<KnownShape, 'made'>,
  target: Pick<TargetShape, 'before' | 'after'> & Partial<Pick<TargetShape, 'derived' | 'gone'>>,
): SchemaChange[] {
  const cause = { recordId: null, reread: false } as const;
  const now = new Map(target.after.map(({ path, name }) => [JSON.stringify(path), name]));
  const renamed = target.before.flatMap(({ path, name }): SchemaChange[] => {
    const to = now.get(JSON.stringify(path)) ?? name;
    return to === name ? [] : [{ column: to, change: 'renamed', from: name, to, ...cause }];
  });
  const { derived } = madeOf(table.made ?? {});
  const made = (target.derived ?? []).flatMap((column): SchemaChange[] => {
    const old = [...derived].find(([name]) => foldCase(name) === foldCase(column.name))?.[1];
    if (old === JSON.stringify([column.sql, column.type])) return [];
    return [{ column: column.name, change: 'derived', from: old ?? null, to: column.type, ...cause }];
  });
  const gone = (target.gone ?? []).map((column): SchemaChange => ({
    column,
    change: 'dropped',
    from: 'derived',
    to: null,
    ...cause,
  }));
  return [...renamed, ...made, ...gone];
}
