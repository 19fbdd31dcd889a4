import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { oraclePackages } from '../oracle/oracle.js';
import type { FreshLake } from './fresh-lake.js';

export type LakeRow = Readonly<Record<string, unknown>>;

/** Every row of a table as another engine (delta-rs) reads it, by `_id`; nulls left out. */
export async function lakeRows(lake: FreshLake, table: string): Promise<ReadonlyMap<string, LakeRow>> {
  const rows = (await asked(lake, table, 'lake_rows.py')) as Record<string, unknown>[];
  return new Map(
    rows.map((row) => [
      String(row['_id']),
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
    ]),
  );
}

/** A data file as another engine (delta-rs) knows it: path, bytes, rows with the deleted ones, month. */
export type LakeFile = readonly [path: string, bytes: number, rows: number, month: string | null];

/** The data files of a table's newest version, by path. */
export async function lakeFiles(lake: FreshLake, table: string): Promise<LakeFile[]> {
  const files = (await asked(lake, table, 'lake_files.py')) as LakeFile[];
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What a script of ours, in Python and with the oracle's packages, answers about a table. */
async function asked(lake: FreshLake, table: string, script: string): Promise<unknown> {
  const packages = await oraclePackages(process.env);
  const env = {
    ...process.env,
    PYTHONPATH: `${packages}:${join(PACKAGE_ROOT, 'test', 'oracle')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const text = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      'python3',
      [join(PACKAGE_ROOT, 'test', 'helpers', script)],
      { env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${script} failed: ${stderr.slice(-3000)}`));
      },
    );
    child.stdin?.end(join(lake.folder, 'commcare', lake.domain, table));
  });
  return JSON.parse(text);
}
