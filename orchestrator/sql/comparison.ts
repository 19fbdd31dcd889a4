import { identifier } from './identifier.js';
import { literal } from './literal.js';
import { fillTemplate } from './template.js';
import { joinSql, sql, type Sql } from './text.js';

/** Questions to a table when it is compared with HQ; their answers are files of JSON lines. */

/** A table at one version, and the folder that the answer goes to. */
export interface ComparedVersion {
  readonly tableUrl: string;
  readonly version: bigint;
  readonly directoryUrl: string;
}

/** Days of a revision, since 1970, from inclusive, until exclusive. */
export interface DaySpan {
  readonly from: number;
  readonly until: number;
}

/** `day`, `rows` and `sum` of each day of the span; of all days when it is null. */
export function sumsOfDays(of: ComparedVersion, span: DaySpan | null): Sql {
  return fillTemplate('reconcile/sums', {
    ...parts(of),
    where: span === null ? sql`true` : within(span),
  });
}

/** So many days can stand in a statement. */
const MOST_DAYS = 5_000;

/** `id`, `rev` and `month` of the rows of these days, and perhaps of days in between. @param days null: rows without a revision */
export function rowsOfDays(of: ComparedVersion, days: readonly (number | null)[]): Sql {
  const numbers = days.filter((day) => day !== null);
  const among: Sql[] = [];
  if (numbers.length > 0) {
    const span = { from: Math.min(...numbers), until: Math.max(...numbers) + 1 };
    const list = joinSql(
      numbers.map((day) => sql`${day}`),
      ', ',
    );
    const only = sql`unix_date(CAST(t.\`_rev\` AS DATE)) IN (${list})`;
    // The plain comparison lets Delta pass over files; the list is what is meant.
    among.push(numbers.length > MOST_DAYS ? within(span) : sql`(${within(span)} AND ${only})`);
  }
  if (numbers.length < days.length) among.push(sql`t.\`_rev\` IS NULL`);
  return fillTemplate('reconcile/rows', { ...parts(of), where: joinSql(among, ' OR ') });
}

/** The same of the rows with these ids. @param idsUrl a folder of JSON lines `{"id": …}` */
export function rowsOfIds(of: ComparedVersion, idsUrl: string): Sql {
  return fillTemplate('reconcile/rows_of_ids', { ...parts(of), ids: literal(idsUrl) });
}

function parts({ tableUrl, version, directoryUrl }: ComparedVersion): Record<string, Sql> {
  return { path: identifier(tableUrl), version: sql`${version}`, directory: literal(directoryUrl) };
}

function within({ from, until }: DaySpan): Sql {
  return sql`t.\`_rev\` >= CAST(date_from_unix_date(${from}) AS TIMESTAMP) AND t.\`_rev\` < CAST(date_from_unix_date(${until}) AS TIMESTAMP)`;
}
