/**
 * SQL text that is known to be safe: only identifier(), literal(), templates and the joiners below make it. A plain
 * string is not assignable, so a value from outside can't reach a statement by accident.
 */
declare const sqlBrand: unique symbol;
export type Sql = string & { readonly [sqlBrand]: true };

/** Builds SQL from fixed text and safe parts: sql`SELECT ${identifier(name)}`. */
export function sql(strings: TemplateStringsArray, ...parts: readonly (Sql | number | bigint)[]): Sql {
  return String.raw({ raw: strings.map((text) => text) }, ...parts) as Sql;
}

export function joinSql(
  parts: readonly Sql[],
  separator: ', ' | ',\n  ' | '\n' | ' AND ' | ' OR ' | '\n  OR ',
): Sql {
  return parts.join(separator) as Sql;
}
