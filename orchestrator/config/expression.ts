/** A Spark SQL expression of lake.yaml, on one line, with the columns it reads. */
export interface Expression {
  readonly text: string;
  /** Names as they are written, functions and fields of structs left out. */
  readonly reads: readonly string[];
}

const TOKENS = [
  ['blank', /\s+/y],
  ['comment', /--|\/\*/y],
  // Without a line end in it: a statement of a script ends at a line that is only `;`.
  ['text', /'(?:[^'\\\n\r]|\\[^\n\r]|'')*'|"(?:[^"\\\n\r]|\\[^\n\r]|"")*"/y],
  ['quoted', /`(?:[^`\n\r]|``)+`/y],
  ['number', /\d+\w*(?:\.\d+\w*)?(?:(?<=[eE])[+-]\d+)?/y],
  ['word', /[A-Za-z_]\w*/y],
  ['sign', /->|::|<=>|<>|!=|<=|>=|==|\|\||[-+*/%()[\],.=<>!&|^~]/y],
] as const;
type Kind = (typeof TOKENS)[number][0];

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** Begin a query, look at other rows, or run code that is no SQL. */
const REFUSED = ['select', 'values', 'table', 'with', 'over', 'reflect', 'java_method', 'try_reflect'];
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/**
 * Reads one expression: no second statement, no sub-query, no comment, every bracket closed, so that wherever it is
 * put it stays what it is. Whether Spark understands it, Spark says.
 * @returns the fault as a string
 */
export function readExpression(text: string): Expression | string {
  const tokens = tokensOf(text);
  if (typeof tokens === 'string') return tokens;
  const solid = tokens.filter(({ kind }) => kind !== 'blank');
  if (solid.length === 0) return 'is empty';
  const open: string[] = [];
  for (const [at, token] of solid.entries()) {
    const fault = refusal(token, solid[at - 1]);
    if (fault !== undefined) return fault;
    if (token.kind !== 'sign') continue;
    const closing = CLOSING[token.text];
    if (closing !== undefined) open.push(closing);
    else if ((token.text === ')' || token.text === ']') && open.pop() !== token.text)
      return `has a ${token.text} that closes nothing`;
  }
  if (open.length > 0) return `lacks a ${open.at(-1) ?? ''}`;
  const line = tokens.map(({ kind, text: each }) => (kind === 'blank' ? ' ' : each)).join('');
  return {
    text: line.trim(),
    reads: [...new Set(solid.flatMap((token, at) => readBy(token, solid[at - 1], solid[at + 1])))],
  };
}

function tokensOf(text: string): Token[] | string {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at);
    if (token === undefined)
      return `has "${text.slice(at, at + 1)}" at its letter ${at + 1}, which no expression has`;
    if (token.kind === 'comment') return 'has a comment; comments stand in lake.yaml, behind #';
    const last = tokens.at(-1);
    if (token.kind === 'text' && last?.kind === 'word' && /^r$/i.test(last.text))
      return `has a raw text (r'…'), write it as '…'`;
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
}

function refusal(token: Token, before: Token | undefined): string | undefined {
  if (token.kind === 'word') {
    const word = token.text.toLowerCase();
    const opens = word === 'from' && before?.text === '(';
    if (opens || (REFUSED.includes(word) && before?.text !== '.'))
      return `has ${token.text.toUpperCase()}; an expression reads the columns of its own row alone`;
  }
  return token.text === '>' && before?.text === '|' ? 'has |>, which begins a query' : undefined;
}

function readBy({ kind, text }: Token, before: Token | undefined, after: Token | undefined): string[] {
  if (before?.text === '.' || after?.text === '(') return [];
  if (kind === 'quoted') return [text.slice(1, -1).replaceAll('``', '`')];
  return kind === 'word' ? [text] : [];
}
