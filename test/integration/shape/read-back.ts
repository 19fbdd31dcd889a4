import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import type { JsonObject } from '../../../orchestrator/types.js';
import { oraclePackages } from '../../oracle/oracle.js';
import type { Document, ShapeLake, ShapeTable } from './shape-lake.js';

/** A table as another engine (delta-rs) reads it; only columns of the free part, and no nulls. */
export interface TableSeen {
  /** [id, column, wanted, actual] for every cell that is not what the documents say. */
  readonly differences: readonly (readonly [string, string, unknown, unknown])[];
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, JsonObject>>;
  /** Columns and fields in lists. */
  readonly leaves: number;
  /** Texts without a column, of the rows that have some. */
  readonly overflow: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const PROGRAM = join(PACKAGE_ROOT, 'test', 'integration', 'shape', 'read_back.py');

/** Reads the tables in Python and looks for every value of the documents; of two documents with one id the last counts.
 * A version is read as it was then. */
export async function readBack(
  lake: ShapeLake,
  asked: readonly (readonly [ShapeTable, readonly Document[], version?: number])[],
): Promise<TableSeen[]> {
  const tables = asked.map(([table, documents, version]) => ({
    path: table.path,
    version: version ?? null,
    documents: Object.fromEntries(documents.map((document) => [document.id, document.tree])),
  }));
  const packages = await oraclePackages(process.env);
  const answer = await runPython(JSON.stringify({ root: lake.root, tables }), packages);
  return JSON.parse(answer) as TableSeen[];
}

function runPython(input: string, packages: string): Promise<string> {
  const env = {
    ...process.env,
    PYTHONPATH: `${packages}:${join(PACKAGE_ROOT, 'test', 'oracle')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'python3',
      [PROGRAM],
      { env, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`read_back.py failed: ${stderr.slice(-3000)}`));
      },
    );
    child.stdin?.end(input);
  });
}
