import { readSettings } from '../config/settings.js';
import { LakeError } from '../errors.js';
import { openHq } from '../extract/hq.js';
import { expectedOf, linesAround } from '../extract/fault-lines.js';
import type { RawDocument } from '../extract/request.js';
import { openQuarantine, type SetAside } from '../ledger/quarantine.js';
import { paint } from './terminal/paint.js';
import { printFacts, printJson, printLine } from './terminal/print.js';
import { withLedger } from './with-ledger.js';

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

/** The lines around the fault, or the first ones. */
function printAround(text: string, reason: string): void {
  for (const { number, text: part, isFault } of linesAround(text, reason)) {
    const shown = `${String(number).padStart(6)} ${isFault ? '>' : '|'} ${part}`;
    printLine(isFault ? paint('red', shown) : shown);
  }
}
