import { LakeError } from '../errors.js';

/** Waits no longer than this for an answer; what was asked goes on, and its answer is thrown away. */
export async function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new LakeError('SERVICE_UNREACHABLE', `no answer within ${limitMs / 1000} s`));
    }, limitMs);
  });
  // It may fail after nobody waits for it any more.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
