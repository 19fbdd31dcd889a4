import { digitsOf, type ScalarType } from '../config/declared-type.js';
import { literal } from './literal.js';
import { sql, type Sql } from './text.js';

/**
 * Texts as declared types, guarded: a text that is not wholly a value of the type becomes null (and is kept in
 * `_rescued`), never an error and never a value that is only near. The forms taken are those of the table in
 * README "Types"; Spark's own casts take more (`1d`, `0x1p3`, `2020`), which would turn texts into numbers by chance.
 * `\z`, not `$`: Java's `$` also matches before a last line end.
 */
const LONG = String.raw`^[+-]?[0-9]{1,40}\z`;
const DOUBLE = String.raw`^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?\z`;
const DATE = String.raw`^[0-9]{4}-[0-9]{2}-[0-9]{2}\z`;
const ZONE = '(Z|[+-][0-9]{2}(:?[0-9]{2})?)?';
const TIMESTAMP =
  String.raw`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?` + `${ZONE})?\\z`;
const NO_DIGITS = { whole: 0, scale: 0 };
const TRUE = "'true', 'yes', '1'";
const FALSE = "'false', 'no', '0'";

/** The value of a text (any expression of type STRING) as `type`, or null. */
export function guardedCast(text: Sql, type: ScalarType): Sql {
  switch (type) {
    case 'string':
      return text;
    case 'long':
      return sql`CASE WHEN ${text} RLIKE ${literal(LONG)} THEN try_cast(${text} AS BIGINT) END`;
    case 'double':
      return sql`CASE WHEN ${text} RLIKE ${literal(DOUBLE)} AND abs(try_cast(${text} AS DOUBLE)) < double('infinity') THEN try_cast(${text} AS DOUBLE) END`;
    case 'date':
      return sql`CASE WHEN ${text} RLIKE ${literal(DATE)} THEN try_cast(${text} AS DATE) END`;
    case 'timestamp':
      return sql`CASE WHEN ${text} RLIKE ${literal(TIMESTAMP)} THEN try_cast(${wholeZone(text)} AS TIMESTAMP) END`;
    case 'boolean':
      return sql`CASE WHEN lower(${text}) IN (${TRUE as Sql}) THEN true WHEN lower(${text}) IN (${FALSE as Sql}) THEN false END`;
    default:
      return sql`CASE WHEN ${text} RLIKE ${literal(decimalPattern(digitsOf(type) ?? NO_DIGITS))} THEN try_cast(${text} AS ${scalarSql(type)}) END`;
  }
}

/** `+0530` and `+05` are ISO and HQ's own (`…+02`), but not Spark's. */
function wholeZone(text: Sql): Sql {
  const short = literal(String.raw`([T ].*[+-][0-9]{2})\z`);
  const long = literal(String.raw`([T ].*[+-][0-9]{2})([0-9]{2})\z`);
  const filled = sql`regexp_replace(${text}, ${short}, ${literal('$1:00')})`;
  return sql`regexp_replace(${filled}, ${long}, ${literal('$1:$2')})`;
}

/** Only numbers that the type holds to the last digit: a cast would round. */
function decimalPattern({ whole, scale }: { whole: number; scale: number }): string {
  const fraction = `[.][0-9]{0,${scale}}0*`;
  return `^[+-]?(?=[.]?[0-9])0*[0-9]{0,${whole}}(${fraction})?\\z`;
}

/** The type in SQL: `BIGINT`, `DECIMAL(10,2)`, … */
export function scalarSql(type: ScalarType): Sql {
  return (type === 'long' ? 'BIGINT' : type.toUpperCase()) as Sql;
}
