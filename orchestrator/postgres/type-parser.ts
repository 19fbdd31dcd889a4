import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const KEPT_AS_TEXT = new Set([1082, 1114, 1184]); // date, timestamp, timestamptz

/** pg's own parsers; its types return `any` and know only the built-in types' numbers. */
const parserOf = pg.types.getTypeParser as (oid: number, format?: string) => (value: string) => unknown;

/** How values of our databases arrive: bigint columns as bigint, dates and timestamps as text, the rest as pg has it. */
export function typeParser(oid: number, format?: string): (value: string) => unknown {
  if (oid === INT8) return (text) => BigInt(text);
  if (oid === INT8_ARRAY) return (text) => text.slice(1, -1).split(',').filter(Boolean).map(BigInt);
  if (KEPT_AS_TEXT.has(oid)) return (text) => text;
  return parserOf(oid, format);
}
