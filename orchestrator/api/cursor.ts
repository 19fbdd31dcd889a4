import { ApiProblem } from './problems.js';

/** Where a list goes on: opaque to clients, so that what is in it can change. */
export function cursorOf(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** The values of a cursor of ours, all of them text or numbers. @throws ApiProblem BAD_REQUEST for anything else */
export function readCursor(cursor: string | undefined, length: number): (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  const values = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  const isOurs =
    Array.isArray(values) &&
    values.length === length &&
    values.every((each) => typeof each === 'string' || typeof each === 'number');
  if (!isOurs) throw new ApiProblem('BAD_REQUEST', 'The cursor is none of this list', 'Begin without one.');
  return values;
}

/** A cursor that is the id of a row. @throws ApiProblem BAD_REQUEST */
export function readIdCursor(cursor: string | undefined): bigint | undefined {
  const [id] = readCursor(cursor, 1) ?? [];
  if (id === undefined) return undefined;
  return ledgerId(String(id), 'cursor');
}

const LARGEST = 2n ** 63n - 1n;

/** An id of the ledger's, of 64 bits. @throws ApiProblem BAD_REQUEST for what can't be one */
export function ledgerId(text: string, what: string): bigint {
  const id = /^\d{1,19}$/.test(text) ? BigInt(text) : LARGEST + 1n;
  if (id <= LARGEST) return id;
  throw new ApiProblem('BAD_REQUEST', `The ${what} is no number that the ledger has`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
