import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FreshLake } from './fresh-lake.js';

/** What `dimagi-lake reconcile --json` prints, as far as tests look at it. */
export interface Reconciled {
  readonly differences: number;
  readonly unjudged: number;
  readonly findingsPath: string | null;
  readonly requests: readonly string[];
  readonly tables: readonly {
    readonly table: string;
    readonly hqRows: number;
    readonly lakeRows: number;
    readonly differingDays: number;
    readonly missing: number;
    readonly stale: number;
    readonly ghost: number;
    readonly repaired: number;
    readonly setAside: number;
    readonly leftOut: number;
    readonly unjudged: Readonly<Record<string, number>>;
  }[];
}

/** Every finding of the run, from the file that holds all ids: `<fault> <table> <id>`. */
export async function findingsOf(lake: FreshLake, { findingsPath }: Reconciled): Promise<Set<string>> {
  if (findingsPath === null) return new Set();
  const folder = fileURLToPath(lake.env['CHECKPOINT_BASE_DIR'] ?? '');
  const lines = (await readFile(`${folder}/${findingsPath}`, 'utf8'))
    .split('\n')
    .filter((line) => line !== '');
  const findings = lines.map((line) => JSON.parse(line) as { fault?: string; table: string; id: string });
  return new Set(
    findings.flatMap(({ fault, table, id }) => (fault === undefined ? [] : [`${fault} ${table} ${id}`])),
  );
}
