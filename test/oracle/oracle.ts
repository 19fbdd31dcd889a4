import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

/**
 * Runs the oracle (Python, `test/oracle/oracle.py`): every row and column of every lake table against HQ's own
 * stores. Its packages go to a private folder of the cache, named by the hash of the requirements, once.
 */
export type OracleEnvironment = Readonly<Record<string, string | undefined>>;

export interface OracleOptions {
  /**
   * Forms and cases keep the place they had when they were last written. `exact` demands the place HQ tells now (a lake
   * made after all that happened), `written` demands it of every record whose place has not changed in HQ since the
   * record was written, `ignore` of none.
   */
  readonly locationColumns?: 'exact' | 'written' | 'ignore';
  /** With `written`: no record was read before this moment (ISO, HQ's clock), so that earlier moves do not count. */
  readonly readSince?: string;
  /** Only these tables, as `domain/topic/type` below `<HQ_DATA_PATH>/commcare`. */
  readonly tables?: readonly string[];
  /** Puts expected and actual values of differing cells into the report. */
  readonly showValues?: boolean;
  readonly signal?: AbortSignal;
}

export interface DifferingCell {
  readonly id: string;
  readonly column: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

/** `ids`, `cells` and `documents` hold the first 20, `total` counts all. */
export interface OracleTable {
  readonly table: string;
  readonly ok: boolean;
  readonly expectedRows: number;
  readonly actualRows: number;
  readonly problems: readonly string[];
  readonly missing: { readonly total: number; readonly ids: readonly string[] };
  readonly extra: { readonly total: number; readonly ids: readonly string[] };
  readonly doubled: { readonly total: number; readonly ids: readonly string[] };
  readonly differing: { readonly total: number; readonly cells: readonly DifferingCell[] };
  /** Live records whose document HQ itself cannot give; rightly absent from the lake. */
  readonly unreadable: {
    readonly total: number;
    readonly documents: readonly { readonly id: string; readonly reason: string }[];
  };
  /** Rows whose location columns were not compared. */
  readonly openPlaces: number;
}

export interface OracleReport {
  readonly ok: boolean;
  readonly error: string | null;
  readonly tables: readonly OracleTable[];
}

export interface TableCount {
  readonly table: string;
  /** Null when no table stands there. */
  readonly lake: number | null;
  /** Live rows in HQ, those with unreadable documents included. */
  readonly hq: number;
}

const ORACLE_FOLDER = join(PACKAGE_ROOT, 'test', 'oracle');
/** Exit codes of oracle.py: all equal, differences; anything else could not be read. */
const ANSWERED: readonly number[] = [0, 1];

/**
 * @param env HQ_DATABASE_URL, HQ_BLOB_STORE, HQ_DATA_PATH, LAKE_CONFIG and the rest of design section 11, plus PATH
 * @returns the report, also when there are differences (`ok` is false then)
 * @throws LakeError TOOL_MISSING without python3 or its packages, HQ_READ_FAILED when HQ or the lake cannot be read
 */
export async function runOracle(env: OracleEnvironment, options: OracleOptions = {}): Promise<OracleReport> {
  const flags = [
    '--json',
    '--location-columns',
    options.locationColumns ?? 'exact',
    ...(options.readSince === undefined ? [] : ['--read-since', options.readSince]),
    ...(options.showValues === true ? ['--show-values'] : []),
    ...(options.tables ?? []).flatMap((table) => ['--table', table]),
  ];
  return JSON.parse(await runProgram('oracle.py', flags, env, options.signal)) as OracleReport;
}

/** Counts each table by delta-rs, beside HQ's live rows. @throws as runOracle */
export async function countByOtherEngine(
  env: OracleEnvironment,
  signal?: AbortSignal,
): Promise<readonly TableCount[]> {
  return JSON.parse(await runProgram('count.py', ['--json'], env, signal)) as TableCount[];
}

/** A Delta table as another engine reads it (rows.py says how values are spelled). */
export interface TableRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Types by column, as the Delta log spells them. */
  readonly types: Readonly<Record<string, unknown>>;
  readonly version: number;
}

/** @param folder of the table, on disk */
export async function rowsByOtherEngine(env: OracleEnvironment, folder: string): Promise<TableRows> {
  return JSON.parse(await runProgram('rows.py', [folder], env, undefined)) as TableRows;
}

/**
 * The folder that holds the oracle's Python packages; made on first use, shared afterwards.
 * @throws LakeError TOOL_MISSING when python3 or pip is absent or the packages cannot be installed
 */
export async function oraclePackages(env: OracleEnvironment, signal?: AbortSignal): Promise<string> {
  const usesS3 = [env['HQ_DATA_PATH'], env['HQ_BLOB_STORE']].some((url) => /^s3a?:/.test(url ?? ''));
  const files = ['requirements.txt', ...(usesS3 ? ['requirements-s3.txt'] : [])].map((name) =>
    join(ORACLE_FOLDER, name),
  );
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const folder = join(cacheFolder(env), `oracle-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  // Renamed into place when whole: a broken-off or racing installation is never taken for a good one.
  const fresh = `${folder}.${randomUUID()}`;
  await mkdir(fresh, { recursive: true });
  const install = await runPython(
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      fresh,
      ...files.flatMap((file) => ['-r', file]),
    ],
    env,
    signal,
  );
  if (install.code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    throw new LakeError(
      'TOOL_MISSING',
      `The oracle's Python packages cannot be installed: ${lastLines(install.stderr)}`,
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

async function runProgram(
  program: string,
  flags: readonly string[],
  env: OracleEnvironment,
  signal: AbortSignal | undefined,
): Promise<string> {
  const packages = await oraclePackages(env, signal);
  const answer = await runPython(
    [join(ORACLE_FOLDER, program), ...flags],
    { ...env, PYTHONPATH: packages },
    signal,
  );
  if (ANSWERED.includes(answer.code)) return answer.stdout;
  throw new LakeError(
    'HQ_READ_FAILED',
    `The oracle could not read HQ or the lake: ${lastLines(answer.stderr)}`,
    {
      facts: { program, exitCode: answer.code },
    },
  );
}

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runPython(
  argv: readonly string[],
  env: OracleEnvironment,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // A source folder that is mounted read-only stays clean: no bytecode is written into it.
    const options = {
      env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
      maxBuffer: 256 * 1024 * 1024,
      ...(signal && { signal }),
    };
    execFile('python3', [...argv], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else if (error.code === 'ENOENT') {
        reject(new LakeError('TOOL_MISSING', 'python3 is not on the PATH', { cause: error }));
      } else
        reject(new LakeError('HQ_READ_FAILED', 'The oracle ended before it had answered', { cause: error }));
    });
  });
}

function cacheFolder(env: OracleEnvironment): string {
  const given = env['DIMAGI_LAKE_CACHE'] ?? '';
  if (given !== '') return given;
  const shared = env['XDG_CACHE_HOME'] ?? '';
  return join(shared !== '' ? shared : join(homedir(), '.cache'), 'dimagi-lake');
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ');
}
