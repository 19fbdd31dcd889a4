import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LakeError } from '../../orchestrator/errors.js';

/** @returns undefined when the file does not exist. @throws LakeError STACK_FAILED when it is not JSON */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (isNoSuchFile(cause)) return undefined;
    throw cause;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LakeError('STACK_FAILED', `${path} is not JSON`, {
      cause,
      mend: 'Restore the file, or run `stack down`, delete the stack directory and start anew.',
    });
  }
}

/** Written whole or not at all, readable by the owner only: these files hold passwords. */
export function writePrivateFile(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}

export function writeJsonFile(path: string, value: unknown): void {
  writePrivateFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

export function isNoSuchFile(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
