/** A number of JSON as it is spelled, which JavaScript's own would not keep. */
export class Spelled {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value of HQ's JSON, a number by its spelling. */
export type Value = string | boolean | null | Spelled | Value[] | Tree;

/** An object of HQ's JSON; a Map, as a key may be `__proto__`. */
export type Tree = Map<string, Value>;

/** One version of a record: the free part as HQ holds it. */
export interface Document {
  readonly id: string;
  readonly tree: Tree;
}

/** JSON text as a writer of HQ's would have it, every number as it is spelled. */
export function jsonOf(value: Value): string {
  if (value instanceof Spelled) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(', ')}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  return `{${[...value].map(([key, child]) => `${JSON.stringify(key)}: ${jsonOf(child)}`).join(', ')}}`;
}

/** What the lake holds of a value that is neither object nor list: its text; undefined when it is one. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value instanceof Spelled ? value.text : undefined;
}
