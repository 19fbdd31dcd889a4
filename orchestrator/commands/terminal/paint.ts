import { readTerminalEnvironment, type TerminalEnvironment } from '../../config/terminal-environment.js';

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/**
 * Colour for people only: none in a pipe, with NO_COLOR set (https://no-color.org) or with TERM=dumb. It never says
 * what the text does not.
 */
export function paint(
  style: keyof typeof STYLES,
  text: string,
  stream: { readonly isTTY?: boolean } = process.stdout,
  environment: TerminalEnvironment = readTerminalEnvironment(),
): string {
  if (stream.isTTY !== true || !environment.colour) return text;
  const [on, off] = STYLES[style];
  return `\u001B[${on}m${text}\u001B[${off}m`;
}
