import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runVerb } from './dimagi-lake.js';
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

/** `dimagi-lake reconcile <domain> <words> --json`; fails unless both sides were compared. */
export async function reconcile(
  lake: FreshLake,
  ...words: readonly string[]
): Promise<{ code: number | null; report: Reconciled }> {
  const { code, stdout, stderr } = await runVerb(lake, 'reconcile', lake.domain, ...words, '--json');
  assert.ok(code === 0 || code === 8, stderr);
  return { code, report: JSON.parse(stdout) as Reconciled };
}
