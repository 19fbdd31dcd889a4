import { paint } from './paint.js';

/** The one JSON document that `--json` promises, and nothing else on stdout. */
export function printJson(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Cell = string | number;

/** Prints rows under a head, columns aligned; numbers to the right. Plain text, so that it pipes well. */
export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const isNumeric = head.map((_title, column) => rows.every((row) => isNumber(row[column])));
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric[column] === true ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  printLine(paint('bold', line(head)));
  for (const row of rows) printLine(line(row));
}

/** `-` stands for a number that is not there yet. */
function isNumber(cell: Cell | undefined): boolean {
  return /^(-|-?[\d.,]+)$/.test(String(cell));
}

/** Prints facts one a line, names aligned; those without a value are left out. */
export function printFacts(facts: Readonly<Record<string, Cell | null | undefined>>): void {
  const given = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...given.map(([name]) => name.length));
  for (const [name, value] of given) printLine(`${paint('dim', name.padEnd(width))}  ${String(value)}`);
}

/** 1234567 → `1,234,567`. */
export function withCommas(number: number | bigint): string {
  return number.toLocaleString('en');
}

/** `1 batch`, `2 batches`. */
export function counted(number: number | bigint, one: string, many = `${one}s`): string {
  return `${withCommas(number)} ${Number(number) === 1 ? one : many}`;
}
