import { ERROR_CODES, type ErrorCode, type FailureClass } from '../../errors.js';
import type { Cause } from '../schemas/common.js';

const MEND_OF_CLASS: Readonly<Record<FailureClass, string>> = {
  transient: 'It is tried again by itself; when it goes on, look which service is away (GET /readyz).',
  data: 'Look at the record or table named, mend it, then resume.',
  capacity: 'It is tried again when there is room; look at the cluster, or pause what is less urgent.',
  config: 'Mend the setting named, apply it, then resume.',
  bug: 'Report it with the message and the log; nothing was skipped or lost.',
};

/**
 * A failure as the ledger keeps it (`batch 4: CODE: what happened`), in one sentence with what to do about it: the mend of its code,
 * else that of its class.
 */
export function causeOf(text: string | null, failureClass: string | null = null): Cause {
  const words = text ?? 'The ledger does not say why';
  const code = /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g;
  const found = [...words.matchAll(code)].map((match) => match[1]).find(isCode);
  const known = failureClass ?? (found === undefined ? null : ERROR_CODES[found].failureClass);
  const isClass = known !== null && Object.hasOwn(MEND_OF_CLASS, known);
  const ofClass = isClass ? (known as FailureClass) : null;
  return {
    code: found ?? null,
    failureClass: ofClass,
    sentence: words.split('\n')[0] ?? words,
    mend: found !== undefined ? ERROR_CODES[found].mend : MEND_OF_CLASS[ofClass ?? 'bug'],
  };
}

function isCode(text: string | undefined): text is ErrorCode {
  return text !== undefined && Object.hasOwn(ERROR_CODES, text);
}
