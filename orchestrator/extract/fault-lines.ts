/** What the reader wanted, by what it says it found (extract/ and transform/ word the reasons). */
const EXPECTED: readonly (readonly [reason: RegExp, expected: string])[] = [
  [
    /does not parse/,
    'XML that is well formed: every element closed, & and < escaped, one element around all',
  ],
  [
    /not valid in its encoding/,
    'bytes that are text in the encoding the XML declares (UTF-8 when it declares none)',
  ],
  [/nests deeper/, 'no more levels than any form has; so many are an attack or a broken export'],
  [/larger than/, 'a document of ordinary size (real forms are about 11 KB)'],
  [/blob is missing|no form\.xml/, 'a blob under the key that HQ names; look in its blob store and backups'],
  [/not gzip|gzip of the blob/, 'gzip, whole, as HQ notes it in blobs_blobmeta; a backup may have the blob'],
  [/is not valid JSON/, 'JSON'],
  [/is not a JSON object/, 'a JSON object: {"property": value, …}'],
  [
    /\.(ts|js|mts|mjs)\b|hook/,
    'a record that the hook of lake.yaml takes; try the hook, or mend it and apply',
  ],
];

const AROUND_LINES = 3;
const LONGEST_LINE = 200;
const FIRST_LINES = 12;

export function expectedOf(reason: string): string {
  return EXPECTED.find(([pattern]) => pattern.test(reason))?.[1] ?? 'a document that can be read';
}

/** A line of a document that could not be read. */
export interface DocumentLine {
  readonly number: number;
  readonly text: string;
  readonly isFault: boolean;
}

/** The lines around the fault when the reason names it, else the first ones; long ones are cut around the fault. */
export function linesAround(text: string, reason: string): DocumentLine[] {
  const lines = text.split('\n');
  const [, line] = /line (\d+)/.exec(reason) ?? [];
  const at = line === undefined ? undefined : Number(line);
  const from = at === undefined ? 1 : Math.max(1, at - AROUND_LINES);
  const until = Math.min(lines.length, at === undefined ? FIRST_LINES : at + AROUND_LINES);
  const [, column] = /column (\d+)/.exec(reason) ?? [];
  const shown: DocumentLine[] = [];
  for (let number = from; number <= until; number++) {
    const isFault = number === at;
    const start = isFault ? Math.max(0, Number(column ?? 1) - LONGEST_LINE / 2) : 0;
    const part = visible((lines[number - 1] ?? '').slice(start, start + LONGEST_LINE));
    shown.push({ number, text: `${start > 0 ? '…' : ''}${part}`, isFault });
  }
  return shown;
}

/** A document may try to write to a terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD');
}
