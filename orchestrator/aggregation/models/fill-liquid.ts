import { Liquid, type Template } from 'liquidjs';
import { LakeError } from '../../errors.js';
import { identifier } from '../../sql/identifier.js';
import { literal } from '../../sql/literal.js';
import type { Sql } from '../../sql/text.js';

/** Text that may stand in SQL as it is. Templates can hold it and print it, but make none but by the two filters. */
export class SafeText {
  readonly text: string;

  constructor(text: Sql) {
    this.text = text;
  }
}

/** How names and texts are quoted: Spark's way, or another database's. */
export interface Quoting {
  readonly identifier: (name: string) => Sql;
  readonly literal: (value: string) => Sql;
}

export const SPARK_QUOTING: Quoting = { identifier, literal };

/** Where a template is wrong: 1-based. */
export class TemplateFault extends Error {
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** What templates of models need, and nothing that reads files or prints text around {@link printable}. */
const TAGS = ['if', 'unless', 'case', 'for', 'break', 'continue', 'assign', 'comment', '#'];
const FILTERS = ['split', 'first', 'last', 'size', 'plus', 'minus', 'join', 'append', 'prepend', 'slice'];

const engines = new Map<Quoting, Liquid>();

/**
 * Fills a Liquid template. What it prints is a number, a safe part of the context, or what the filters `identifier`
 * and `literal` have quoted; printing anything else is a fault.
 * @throws TemplateFault
 */
export function fillLiquid(
  template: string,
  context: Readonly<Record<string, unknown>>,
  quoting: Quoting = SPARK_QUOTING,
): Sql {
  const engine = engineFor(quoting);
  const parsed = parseLiquid(template, quoting);
  try {
    const filled: unknown = engine.renderSync(parsed, context);
    if (typeof filled === 'string') return filled as Sql;
  } catch (cause) {
    throw templateFault(cause);
  }
  throw new LakeError('INTERNAL', 'Liquid gave no text');
}

/** @throws TemplateFault when the text is no Liquid, or uses a tag or filter that is not there */
export function parseLiquid(template: string, quoting: Quoting = SPARK_QUOTING): Template[] {
  try {
    return engineFor(quoting).parse(template);
  } catch (cause) {
    throw templateFault(cause);
  }
}

function engineFor(quoting: Quoting): Liquid {
  const known = engines.get(quoting);
  if (known !== undefined) return known;
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: printable,
    // A month with its roll-ups of eight levels takes milliseconds; a template that never ends is a fault.
    renderLimit: 10_000,
  });
  keepOnly(engine.tags, TAGS);
  keepOnly(engine.filters, FILTERS);
  engine.registerFilter('identifier', (name: unknown) => quoted(name, quoting.identifier));
  engine.registerFilter('literal', (value: unknown) => quoted(value, quoting.literal));
  engines.set(quoting, engine);
  return engine;
}

function keepOnly(table: object, names: readonly string[]): void {
  for (const name of Object.keys(table)) if (!names.includes(name)) Reflect.deleteProperty(table, name);
}

function quoted(value: unknown, quote: (text: string) => Sql): SafeText {
  if (typeof value === 'string') return new SafeText(quote(value));
  throw new Error('identifier and literal take a text');
}

function printable(value: unknown): string {
  if (value instanceof SafeText) return value.text;
  if (Number.isSafeInteger(value)) return String(value);
  throw new Error('only numbers, safe parts and what `| identifier` or `| literal` made can be printed');
}

/** LiquidJS writes the place at the end of its messages, the innermost cause's last. */
function templateFault(cause: unknown): TemplateFault {
  const message = cause instanceof Error ? cause.message : String(cause);
  const [, line, column] = /, line:(\d+), col:(\d+)/.exec(message) ?? [];
  const plain = message.replace(/, (file:.*?, )?line:\d+, col:\d+/g, '').split('\n')[0] ?? message;
  return new TemplateFault(plain, Number(line ?? 1), Number(column ?? 1));
}
