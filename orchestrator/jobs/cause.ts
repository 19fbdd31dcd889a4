import type { Cause } from '../api/schemas/common.js';
import { ERROR_CODES, type ErrorCode, type FailureClass } from '../errors.js';

/** What is usually done about a failure of a class, where its code is not known. */
const MEND_OF_CLASS: Readonly<Record<FailureClass, string>> = {
  transient: 'It is tried again by itself; `dimagi-lake doctor` tells which service is down.',
  capacity: 'It is tried again later; free memory, disk or cores of the Spark cluster.',
  data: 'Look at the records set aside, mend them in HQ, then retry.',
  config: 'Mend the configuration that is named, then retry.',
  bug: 'This needs a person: the driver’s log and the SQL of the run tell what Spark refused; then retry.',
};

/** A failure's text begins with its code; classes are of the ledger. */
const WITH_CODE = /^([A-Z][A-Z_]+): ([\s\S]*)$/;

/** Why it failed in one sentence, and what to do, from what the ledger keeps of a failure. */
export function causeOf(failure: string | null, failureClass: string | null): Cause | null {
  if (failure === null) return null;
  const [, code, text] = WITH_CODE.exec(failure) ?? [];
  const known = code !== undefined && isCode(code) ? code : undefined;
  const cause = known === undefined ? classOf(failureClass) : ERROR_CODES[known].failureClass;
  return {
    code: code ?? null,
    failureClass: cause,
    sentence: sentenceOf(text ?? failure),
    mend: known === undefined ? MEND_OF_CLASS[cause ?? 'bug'] : ERROR_CODES[known].mend,
  };
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

function classOf(text: string | null): FailureClass | null {
  return text !== null && Object.hasOwn(MEND_OF_CLASS, text) ? (text as FailureClass) : null;
}

const LONGEST = 400;

/** Its first line, cut where it would fill a page. */
function sentenceOf(text: string): string {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line;
}
