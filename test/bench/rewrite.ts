import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { identifier } from '../../orchestrator/sql/identifier.js';
import { sql } from '../../orchestrator/sql/text.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { editVisit, submitVisits, VISIT } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { openLakeSpark } from './lake-spark.js';
import { runCompiled } from './merge/run-lanes.js';
import type { Figure, Measurement } from './measurement.js';
import { readable } from './statistics.js';

const COLUMN = 'form__weight';

/** What a changed datatype costs: the one statement that rewrites all rows of a table. */
export const rewrite: Measurement = {
  name: 'rewrite',
  title: 'A column of a large table gets a declared type, then becomes a list: one rewrite of all rows each',
  needsStack: true,
  async measure(bench) {
    const rows = { smoke: 1_000, quick: 100_000, full: 1_000_000 }[bench.size];
    const lake = await freshLake(bench, { config: (domain) => configOf(domain, {}) });
    const [first = ''] = await submitVisits(lake, 2);
    await lake.ingestAll(['form-sql']);
    bench.progress(`the table gets ${readable(rows)} rows`);
    await multiply(lake, rows);
    bench.progress('a type is declared');
    writeFileSync(lake.env['LAKE_CONFIG'] ?? '', configOf(lake.domain, { [COLUMN]: 'double' }));
    await dimagiLake(lake, 'config', 'apply');
    await lake.ingestAll(['form-sql']);
    const figures = [...rewritten(lake, rows, 'text to double')];
    bench.progress('the column becomes a list');
    await editVisit(lake, first, '2', '3');
    await lake.ingestAll(['form-sql']);
    figures.push(...rewritten(lake, rows, 'double to list<double>'));
    return figures;
  },
};

function configOf(domain: string, types: Readonly<Record<string, string>>): string {
  const tables = { raw_visit_form: { types } };
  return stringify({ domains: { [domain]: { forms: { [VISIT]: { name: 'visit' } }, tables } } });
}

/** Copies of one row under ids of their own, each with another weight; written by Spark, not by the pipeline. */
async function multiply(lake: FreshLake, rows: number): Promise<void> {
  const spark = openLakeSpark(lake);
  const table = identifier(`${spark.environment.HQ_DATA_PATH}/commcare/${lake.domain}/form-sql/visit`);
  const column = identifier(COLUMN);
  try {
    await runCompiled(
      spark,
      sql`INSERT INTO delta.${table} BY NAME
SELECT t.* EXCEPT (\`_id\`, ${column}), concat('copy-', n.\`id\`) AS \`_id\`, CAST(n.\`id\` / 8 AS STRING) AS ${column}
FROM (SELECT * FROM delta.${table} LIMIT 1) AS t CROSS JOIN range(${rows}) AS n`,
    );
  } finally {
    await spark.close();
  }
}

interface Actions {
  readonly commitInfo?: { readonly operation: string };
  readonly add?: { readonly size: number };
}

/** The table's newest rewrite: bytes by its commit, seconds by its run's result. */
function* rewritten(lake: FreshLake, rows: number, what: string): Generator<Figure> {
  const log = join(lake.folder, 'commcare', lake.domain, 'form-sql', 'visit', '_delta_log');
  const commits = readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .sort()
    .map((name) => readFileSync(join(log, name), 'utf8').trim().split('\n'))
    .map((lines) => lines.map((line) => JSON.parse(line) as Actions));
  const newest = commits.filter((actions) => actions.some(isRewrite)).at(-1);
  if (newest === undefined) throw new Error(`there was no rewrite (${what})`);
  const bytes = newest.reduce((sum, { add }) => sum + (add?.size ?? 0), 0);
  const seconds = slowestStatement(new URL(lake.env['CHECKPOINT_BASE_DIR'] ?? '').pathname);
  yield {
    what: `${what}, ${readable(rows)} rows`,
    value: seconds,
    unit: 's',
    how: `${readable(rows / seconds)} rows/s`,
  };
  yield { what: `${what}: bytes written`, value: bytes / 1024 ** 2, unit: 'MB' };
}

function isRewrite({ commitInfo }: Actions): boolean {
  return commitInfo?.operation.includes('REPLACE TABLE') === true;
}

/** Seconds of the slowest statement of the newest run: in a lane that rewrites, it is the rewrite. */
function slowestStatement(checkpoint: string): number {
  const results = readdirSync(join(checkpoint, 'runs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('result.json'))
    .map((name) => readFileSync(join(checkpoint, 'runs', name), 'utf8'))
    .map((text) => JSON.parse(text) as { lanes: { statements: { startedAt: string; seconds: number }[] }[] })
    .map(({ lanes }) => lanes.flatMap(({ statements }) => statements));
  const newest =
    results.sort((a, b) => ((a[0]?.startedAt ?? '') < (b[0]?.startedAt ?? '') ? 1 : -1))[0] ?? [];
  return Math.max(...newest.map(({ seconds }) => seconds));
}
