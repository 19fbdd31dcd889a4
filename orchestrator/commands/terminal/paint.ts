const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/**
 * Colour for people only: none in a pipe, with NO_COLOR set (https://no-color.org) or with TERM=dumb. It never says
 * what the text does not.
 */
export function paint(
  style: keyof typeof STYLES,
  text: string,
  stream: { readonly isTTY?: boolean } = process.stdout,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const wanted =
    stream.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
  if (!wanted) return text;
  const [on, off] = STYLES[style];
  return `\u001B[${on}m${text}\u001B[${off}m`;
}
