import type { ColumnType } from '../aggregation/model.js';
import { digitsOf } from '../config/declared-type.js';
import { LakeError } from '../errors.js';
import { quoteIdentifier } from './quote.js';
import { sql, type Sql } from '../sql/text.js';

const PLAIN: Readonly<Partial<Record<ColumnType, string>>> = {
  string: 'text',
  long: 'bigint',
  integer: 'integer',
  double: 'double precision',
  date: 'date',
  timestamp: 'timestamp with time zone',
  boolean: 'boolean',
};

/** The Postgres type of a model's column, as `format_type` spells it. */
export function postgresType(type: ColumnType): string {
  const digits = type === 'integer' ? undefined : digitsOf(type);
  const found = digits === undefined ? PLAIN[type] : numeric(digits.whole, digits.scale);
  if (found === undefined) throw new LakeError('INTERNAL', `The warehouse has no type for ${type}`);
  return found;
}

const WHOLE_DIGITS: Readonly<Record<string, number>> = { integer: 10, bigint: 19 };

/**
 * The type that holds every value of both exactly and means the same: what a column becomes when the model changes its
 * type. Undefined where there is none, and where a column would only seem to have the new type (text to integer).
 */
export function widerType(present: string, wanted: string): string | undefined {
  if (present === wanted) return present;
  if (wanted === 'text') return present === 'timestamp with time zone' ? undefined : 'text';
  if (present === 'date' && wanted === 'timestamp with time zone') return wanted;
  const [a, b] = [wholeAndScale(present), wholeAndScale(wanted)];
  if (a !== undefined && b !== undefined) {
    if (present === 'bigint' && wanted === 'integer') return present;
    if (present === 'integer' && wanted === 'bigint') return wanted;
    return numeric(Math.max(a.whole, b.whole), Math.max(a.scale, b.scale));
  }
  const pair = [present, wanted].sort().join(' and ');
  return pair === 'double precision and integer' ? 'double precision' : undefined;
}

function wholeAndScale(type: string): { whole: number; scale: number } | undefined {
  const whole = WHOLE_DIGITS[type];
  if (whole !== undefined) return { whole, scale: 0 };
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined
    ? undefined
    : { whole: Number(precision) - Number(scale), scale: Number(scale) };
}

function numeric(whole: number, scale: number): string {
  return `numeric(${whole + scale},${scale})`;
}

/** `postgresType` and `widerType` make types of fixed words and numbers only. */
export function typeSql(type: string): Sql {
  return type as Sql;
}

/** How values get from one type to a wider one. A date is midnight UTC. */
export function conversionOf(column: string, present: string, wider: string): Sql {
  const name = quoteIdentifier(column);
  if (present === 'date' && wider !== 'text') return sql`${name}::timestamp AT TIME ZONE 'UTC'`;
  return sql`${name}::${typeSql(wider)}`;
}
