import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';

/** Python programs of the tests, with packages of their own. */
export type PythonEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of the cache that holds what these requirements name, called by their hash; made on first use, shared afterwards.
 * @throws LakeError TOOL_MISSING when python3 or pip is absent or the packages cannot be installed
 */
export async function pythonPackages(
  name: string,
  files: readonly string[],
  env: PythonEnvironment,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const folder = join(cacheFolder(env), `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  // Renamed into place when whole: a broken-off or racing installation is never taken for a good one.
  const fresh = `${folder}.${randomUUID()}`;
  await mkdir(fresh, { recursive: true });
  const requirements = files.flatMap((file) => ['-r', file]);
  const install = await runPython(
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', fresh, ...requirements],
    env,
    signal,
  );
  if (install.code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    throw new LakeError(
      'TOOL_MISSING',
      `The Python packages of ${name} cannot be installed: ${lastLines(install.stderr)}`,
      {
        mend: 'Install python3 (3.10 or newer) with pip, and let pip reach its package index.',
      },
    );
  }
  try {
    await rename(fresh, folder);
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw new LakeError('TOOL_MISSING', `${folder} cannot be written`, { cause });
  }
  return folder;
}

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runPython(
  argv: readonly string[],
  env: PythonEnvironment,
  signal: AbortSignal | undefined,
  cwd?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // A source folder that is mounted read-only stays clean: no bytecode is written into it.
    const options = {
      env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 256 * 1024 * 1024,
      ...(signal && { signal }),
      ...(cwd !== undefined && { cwd }),
    };
    execFile('python3', [...argv], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else if (error.code === 'ENOENT') {
        reject(new LakeError('TOOL_MISSING', 'python3 is not on the PATH', { cause: error }));
      } else
        reject(
          new LakeError('HQ_READ_FAILED', 'A Python program ended before it had answered', { cause: error }),
        );
    });
  });
}

function cacheFolder(env: PythonEnvironment): string {
  const given = env['DIMAGI_LAKE_CACHE'] ?? '';
  if (given !== '') return given;
  const shared = env['XDG_CACHE_HOME'] ?? '';
  return join(shared !== '' ? shared : join(homedir(), '.cache'), 'dimagi-lake');
}

export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ');
}
