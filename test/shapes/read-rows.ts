import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { oraclePackages } from '../oracle/oracle.js';
import type { Row } from './find-again.js';

const PROGRAM = join(PACKAGE_ROOT, 'test', 'shapes', 'read_rows.py');

/** The table's rows by `_id`, as another engine (delta-rs) answers a query for these columns. */
export async function readRows(
  folder: string,
  columns: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const env = {
    ...process.env,
    PYTHONPATH: await oraclePackages(process.env),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn('python3', [PROGRAM], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const closed = once(child, 'close');
  child.stdin.end(JSON.stringify({ folder, columns }));
  const rows = new Map<string, Row>();
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) {
    const row = JSON.parse(line) as Row;
    const id = row['_id'];
    if (typeof id !== 'string' || rows.has(id)) throw new Error(`${folder}: a row without an id of its own`);
    rows.set(id, row);
  }
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`read_rows.py of ${folder} failed: ${complaint.slice(-3000)}`);
  return rows;
}
