import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackDelete, stackDown, stackUp } from '../../deploy/stack/stack.js';

/** Enough for three drivers of a gigabyte side by side. */
const WORKER_MEMORY = '4g';

/**
 * Acts on an embedded stack in a temporary folder, which is taken down in every case. A stack that is up already
 * serves instead when TEST_STACK_DIR names its directory and its env.sh was sourced.
 */
export async function withOwnStack(act: () => Promise<void>, say: (line: string) => void): Promise<void> {
  if (process.env['TEST_STACK_DIR'] !== undefined) {
    await act();
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'dimagi-lake-test-'));
  try {
    say('\n== the embedded stack');
    setS3Keys();
    const { env } = await stackUp({ dir, workerMemory: WORKER_MEMORY, report: say });
    Object.assign(process.env, env, { TEST_STACK_DIR: dir });
    await act();
  } finally {
    await stackDown(dir, say);
    // Under root a part of it stands elsewhere.
    await stackDelete(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Drivers take these from their worker, the tests' S3 servers from here. Never the caller's own. */
function setS3Keys(): void {
  for (const name of ['AWS_SESSION_TOKEN', 'AWS_PROFILE', 'S3_ENDPOINT'])
    Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: randomUUID() });
}
