/** What a person's terminal asks for; set by terminals and shells, not by us. */
export interface TerminalEnvironment {
  /** https://no-color.org */
  readonly colour: boolean;
  /** Whether a line can be written over. */
  readonly cursor: boolean;
}

export function readTerminalEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): TerminalEnvironment {
  const cursor = source['TERM'] !== 'dumb';
  return { cursor, colour: cursor && (source['NO_COLOR'] ?? '') === '' };
}
