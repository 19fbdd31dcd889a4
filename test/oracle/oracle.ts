import { join } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { lastLines, pythonPackages, runPython, type PythonEnvironment } from './python.js';

/**
 * Runs the oracle (Python, `test/oracle/oracle.py`): every row and column of every lake table against HQ's own
 * stores. Its packages go to a private folder of the cache, named by the hash of the requirements, once.
 */
export type OracleEnvironment = PythonEnvironment;

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
  return pythonPackages('oracle', files, env, signal);
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
