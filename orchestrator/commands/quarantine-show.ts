import { readSettings } from '../config/settings.js';
import { LakeError } from '../errors.js';
import { openHq } from '../extract/hq.js';
import type { RawDocument } from '../extract/request.js';
import { openQuarantine, type SetAside } from '../ledger/quarantine.js';
import { paint } from './terminal/paint.js';
import { printFacts, printJson, printLine } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

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

/** The raw document beside what was expected. The document is read from HQ now: the ledger keeps none. */
export async function showQuarantined(record: string, json: boolean): Promise<void> {
  const { environment } = readSettings();
  const entries = await withLedger((database) => openQuarantine(database, { records: [record] }, 10));
  if (entries.length === 0) {
    throw new LakeError('USAGE', `No open entry of the quarantine is of the record "${record}"`, {
      mend: '`dimagi-lake quarantine list` shows all; one that was replayed well is open no more.',
    });
  }
  const hq = openHq(environment);
  try {
    const shown = [];
    for (const entry of entries)
      shown.push({ entry, raw: await hq.raw(entry.kind, entry.domain, entry.recordId) });
    if (json) printJson({ entries: shown.map(plain) });
    else for (const { entry, raw } of shown) print(entry, raw);
  } finally {
    await hq.close();
  }
}

interface Shown {
  readonly entry: SetAside;
  readonly raw: RawDocument | undefined;
}

function plain({ entry, raw }: Shown): Record<string, unknown> {
  return { ...entry, id: entry.id.toString(), expected: expectedOf(entry.reason), raw: raw ?? null };
}

function expectedOf(reason: string): string {
  return EXPECTED.find(([pattern]) => pattern.test(reason))?.[1] ?? 'a document that can be read';
}

function print(entry: SetAside, raw: RawDocument | undefined): void {
  printFacts({
    record: `${entry.kind} ${entry.recordId} of ${entry.domain}`,
    type: entry.type,
    'set aside': entry.since,
    offset: entry.partition === null ? null : `${entry.partition}:${entry.offset ?? ''}`,
    reason: entry.reason,
    expected: expectedOf(entry.reason),
    document: raw?.where ?? 'HQ has no such record any more: a replay deletes its row',
    ...(raw === undefined || raw.remarks.length === 0 ? {} : { remark: raw.remarks.join('; ') }),
  });
  if (raw?.text !== undefined && raw.text !== null && raw.text !== '') printAround(raw.text, entry.reason);
  printLine('');
}

/** The lines around the fault when the reason names it, else the first ones; control characters are made visible. */
function printAround(text: string, reason: string): void {
  const lines = text.split('\n');
  const [, line] = /line (\d+)/.exec(reason) ?? [];
  const at = line === undefined ? undefined : Number(line);
  const from = at === undefined ? 1 : Math.max(1, at - AROUND_LINES);
  const until = Math.min(lines.length, at === undefined ? FIRST_LINES : at + AROUND_LINES);
  const [, column] = /column (\d+)/.exec(reason) ?? [];
  for (let number = from; number <= until; number++) {
    const isFault = number === at;
    const start = isFault ? Math.max(0, Number(column ?? 1) - LONGEST_LINE / 2) : 0;
    const part = visible((lines[number - 1] ?? '').slice(start, start + LONGEST_LINE));
    const shown = `${String(number).padStart(6)} ${isFault ? '>' : '|'} ${start > 0 ? '…' : ''}${part}`;
    printLine(isFault ? paint('red', shown) : shown);
  }
}

/** A document may try to write to the terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD');
}
