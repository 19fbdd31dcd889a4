import { cellOf, type Cell, type Row } from './find-again.js';
import type { Path } from './column-rules.js';

/**
 * A row's free part by path instead of by column: two tables that gave clashing names in another order then show the
 * same, when they hold the same.
 * @param columns which column is whose, as found (find-again.ts)
 */
export function rowByPath(row: Row, columns: ReadonlyMap<string, string>): unknown {
  const scopes = new Map<string, [path: string, last: Path, name: string][]>();
  for (const [key, name] of columns) {
    const path = JSON.parse(key) as Path;
    const scope = JSON.stringify(path.slice(0, path.lastIndexOf(null) + 1));
    scopes.set(scope, [...(scopes.get(scope) ?? []), [key, path, name]]);
  }
  const fieldsOf = (struct: Row, scope: Path): Record<string, unknown> => {
    const fields = (scopes.get(JSON.stringify(scope)) ?? []).map(
      ([key, path, name]) => [key, byPath(cellOf(struct, name), [...path, null])] as const,
    );
    return Object.fromEntries(
      fields.filter(([, cell]) => cell !== null).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  };
  const byPath = (cell: Cell, below: Path): unknown => {
    if (cell === undefined || cell === null) return null;
    if (Array.isArray(cell)) return (cell as readonly Cell[]).map((item) => byPath(item, below));
    return typeof cell === 'object' ? fieldsOf(cell as Row, below) : cell;
  };
  return fieldsOf(row, []);
}
