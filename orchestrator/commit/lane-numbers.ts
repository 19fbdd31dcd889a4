/**
 * Transaction numbers (design section 4): sequence·2^16 + extraction·2^6 + ordinal. One number only ever goes with one
 * SQL text and one set of staged files; numbers of a table grow with its topic's sequence.
 */
const EXTRACTION_BITS = 10n;
const ORDINAL_BITS = 6n;
export const MAX_EXTRACTION = 2 ** Number(EXTRACTION_BITS) - 1;

/** Statements of a lane that write, in their order. */
const ORDINAL = { rewrite: 0n, merge: 1n } as const;

export interface LaneNumbers {
  readonly rewrite: bigint;
  readonly merge: bigint;
}

/** The transaction numbers of a lane's statements. */
export function laneNumbers(sequence: bigint, extraction: number): LaneNumbers {
  return {
    rewrite: txnVersion(sequence, extraction, ORDINAL.rewrite),
    merge: txnVersion(sequence, extraction, ORDINAL.merge),
  };
}

function txnVersion(sequence: bigint, extraction: number, ordinal: bigint): bigint {
  if (extraction > MAX_EXTRACTION)
    throw new RangeError(`extraction ${extraction} is beyond ${MAX_EXTRACTION}`);
  return (sequence << (EXTRACTION_BITS + ORDINAL_BITS)) + (BigInt(extraction) << ORDINAL_BITS) + ordinal;
}

export function sequenceOf(version: bigint): bigint {
  return version >> (EXTRACTION_BITS + ORDINAL_BITS);
}

export function appIdOf(lakeUuid: string): string {
  return `dl/${lakeUuid}`;
}
