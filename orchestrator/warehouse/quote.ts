import pg from 'pg';
import type { Sql } from '../sql/text.js';

/** A quoted Postgres identifier; with quoteLiteral() the only way a name or value gets into the warehouse's SQL. */
export function quoteIdentifier(name: string): Sql {
  return pg.escapeIdentifier(name) as Sql;
}

/** A Postgres string literal. Where a statement takes parameters, the value goes as $n instead. */
export function quoteLiteral(value: string): Sql {
  return pg.escapeLiteral(value) as Sql;
}
