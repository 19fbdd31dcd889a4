import type { Sql } from './text.js';

/** A quoted Spark identifier; with literal() the only way a name gets into SQL. A backtick is doubled. */
export function identifier(name: string): Sql {
  return `\`${name.replaceAll('`', '``')}\`` as Sql;
}
