import pg from 'pg';
import type { Variables } from './read-stores.js';
import type { Row, Value } from './world.js';

const { builtins } = pg.types;
const asNumber = (text: string): number => Number(text);
const PARSERS = new Map<number, (text: string) => Value>([
  [builtins.INT2, asNumber],
  [builtins.INT4, asNumber],
  [builtins.INT8, asNumber],
  [builtins.FLOAT4, asNumber],
  [builtins.FLOAT8, asNumber],
  [builtins.NUMERIC, asNumber],
  [builtins.BOOL, (text) => text === 't'],
  // `2026-01-31 23:59:00.5+00`: the session's zone is UTC.
  [builtins.TIMESTAMPTZ, asMoment],
  [builtins.TIMESTAMP, asMoment],
]);

/** The warehouse as its readers see it. Everything that is no number, boolean or moment stays text. */
export class WarehouseReader {
  private readonly pool: pg.Pool;

  /** @param variables DASHBOARD_DB_HOST, _PORT, _NAME, _USERNAME, _PASSWORD */
  constructor(variables: Variables) {
    this.pool = new pg.Pool({
      host: variables['DASHBOARD_DB_HOST'],
      port: Number(variables['DASHBOARD_DB_PORT'] ?? 5432),
      database: variables['DASHBOARD_DB_NAME'],
      user: variables['DASHBOARD_DB_USERNAME'],
      password: variables['DASHBOARD_DB_PASSWORD'],
      max: 2,
      options: '-c TimeZone=UTC -c DateStyle=ISO',
      connectionTimeoutMillis: 10_000,
      types: { getTypeParser: (oid: number) => PARSERS.get(oid) ?? ((text: string) => text) },
    });
    // A connection that breaks while nobody uses it is noticed by the next query.
    this.pool.on('error', () => undefined);
  }

  /** Rows of a domain, of one month unless the table has none. A table that is not there has no rows. */
  async rows(table: string, domain: string, month: string | null): Promise<Row[]> {
    const there = await this.pool.query('SELECT to_regclass($1) AS found', [`public.${quoted(table)}`]);
    if ((there.rows as { found: string | null }[])[0]?.found === null) return [];
    const ofMonth = month === null ? '' : ' AND month = $2::date';
    const { rows } = await this.pool.query<Row>(
      `SELECT * FROM public.${quoted(table)} WHERE domain = $1${ofMonth}`,
      month === null ? [domain] : [domain, month],
    );
    return rows;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

function asMoment(text: string): string {
  const [, day, time, fraction = ''] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(text) ?? [];
  return day === undefined ? text : `${day}T${time ?? ''}.${fraction.padEnd(6, '0')}Z`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
