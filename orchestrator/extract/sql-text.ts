/**
 * A timestamptz column as ISO UTC text with microseconds. JavaScript's Date would cut them to milliseconds, and the
 * session's TimeZone cannot be set behind a pgbouncer. The argument is a column name of ours, never data.
 */
export function utc(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
