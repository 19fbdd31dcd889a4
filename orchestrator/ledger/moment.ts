/** SQL for a moment as ISO 8601 text of one spelling, whatever the session's time zone is; null stays null. */
export function iso(expression: string): string {
  return `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
