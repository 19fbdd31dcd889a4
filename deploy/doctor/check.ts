import type { DoctorEnvironment } from '../../orchestrator/config/doctor-environment.js';

/** ok · fault: it does not work, see the mend · unset: nothing to check, and the mend says when that matters. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'fault' | 'unset';
  /** What was seen; never a password. */
  readonly detail: string;
  readonly mend?: string;
}

/** One thing the doctor looks at. It throws an Error when it finds a fault: the message is the detail. */
export interface Check {
  readonly name: string;
  /** Variables without which there is nothing to look at. */
  readonly needs: readonly string[];
  readonly mend: string;
  /** When a missing variable is no fault, who needs it. */
  readonly unset?: string;
  /** Twenty seconds unless told. */
  readonly limitMs?: number;
  /** @returns what was seen, in a few words */
  readonly look: (value: (name: string) => string, environment: DoctorEnvironment) => Promise<string>;
}

const LONGEST_MS = 20_000;

/** Runs one check with a time limit: a service that hangs is a fault like any other. */
export async function runCheck(check: Check, environment: DoctorEnvironment): Promise<Finding> {
  const { name, mend } = check;
  const missing = check.needs.filter((variable) => environment[variable] === undefined);
  if (missing.length > 0) {
    const unset = check.unset ?? 'Set it, or source the env.sh that `dimagi-lake stack up` writes.';
    return { name, state: 'unset', detail: `${missing.join(', ')} not set`, mend: unset };
  }
  try {
    const detail = await withLimit(
      check.look((variable) => environment[variable] ?? '', environment),
      check.limitMs ?? LONGEST_MS,
    );
    return { name, state: 'ok', detail };
  } catch (thrown) {
    return { name, state: 'fault', detail: messageOf(thrown), mend };
  }
}

async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${limitMs / 1000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Node reports a refused connection to several addresses as an AggregateError with an empty message. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
