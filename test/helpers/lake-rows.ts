import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { oraclePackages } from '../oracle/oracle.js';
import type { FreshLake } from './fresh-lake.js';

export type LakeRow = Readonly<Record<string, unknown>>;

/** Every row of a table as another engine (delta-rs) reads it, by `_id`; nulls left out. */
export async function lakeRows(lake: FreshLake, table: string): Promise<ReadonlyMap<string, LakeRow>> {
  const packages = await oraclePackages(process.env);
  const env = {
    ...process.env,
    PYTHONPATH: `${packages}:${join(PACKAGE_ROOT, 'test', 'oracle')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const text = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      'python3',
      [join(PACKAGE_ROOT, 'test', 'helpers', 'lake_rows.py')],
      { env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`lake_rows.py failed: ${stderr.slice(-3000)}`));
      },
    );
    child.stdin?.end(join(lake.folder, 'commcare', lake.domain, table));
  });
  const rows = JSON.parse(text) as Record<string, unknown>[];
  return new Map(
    rows.map((row) => [
      String(row['_id']),
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
    ]),
  );
}
