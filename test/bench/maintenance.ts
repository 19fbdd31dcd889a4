import { identifier } from '../../orchestrator/sql/identifier.js';
import { literal } from '../../orchestrator/sql/literal.js';
import { joinSql, sql, type Sql } from '../../orchestrator/sql/text.js';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { readTableFiles } from '../../orchestrator/commit/live-files.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { openLakeSpark, type LakeSpark } from './lake-spark.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { whileWatched } from './spark-usage.js';
import type { Bench, Figure, Measurement } from './measurement.js';
import { median, readable } from './statistics.js';

/** Free columns beside the key: a table of HQ's has as many. */
const COLUMNS = 40;
/** Rows of a MERGE: half of them are there already. */
const MERGED = 1_000;
const TIMES = 3;
const MONTH = sql`DATE'2026-01-01'`;

/** A month of a table that is measured in one state: its files, and the share of its rows that vectors mark as deleted. */
interface MonthState {
  readonly rows: number;
  readonly files: number;
  readonly deletedPercent: number;
}

interface Times {
  readonly merge: Cost;
  readonly scan: Cost;
}

/** Of one statement: how long it took, and the processor time of Spark, which others on the machine change less. */
interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** What small files and deleted rows cost a merge and a reader, and what OPTIMIZE costs: where it pays for itself. */
export const maintenance: Measurement = {
  name: 'maintenance',
  title:
    'A month of a table by its number of files and share of deleted rows: merge and scan before and after OPTIMIZE',
  needsStack: true,
  async measure(bench) {
    const rows = { smoke: 2_000, quick: 100_000, full: 1_000_000 }[bench.size];
    const files = { smoke: [1, 8], quick: [1, 64, 256], full: [1, 16, 32, 64, 256, 1024] }[bench.size];
    const shares = { smoke: [50], quick: [60], full: [10, 20, 30, 50] }[bench.size];
    const lake = await freshLake(bench, {});
    const spark = openLakeSpark(lake);
    try {
      await migrateLedger(spark.database, spark.environment.LEDGER_RUNNER_DATABASE_URL);
      const states = [
        ...files.map((count) => ({ rows, files: count, deletedPercent: 0 })),
        ...shares.map((deletedPercent) => ({ rows, files: 1, deletedPercent })),
      ];
      const figures: Figure[] = [];
      for (const state of states) figures.push(...(await measureState(bench, spark, state)));
      return figures;
    } finally {
      await spark.close();
    }
  },
};

async function measureState(bench: Bench, spark: LakeSpark, state: MonthState): Promise<Figure[]> {
  const what = `${readable(state.rows)} rows, ${state.files} files, ${state.deletedPercent} % deleted`;
  bench.progress(what);
  const path = `bench/f${state.files}-d${state.deletedPercent}`;
  const table = identifier(`${spark.environment.HQ_DATA_PATH}/${path}`);
  await fill(spark, table, state);
  const before = await times(spark, table, state.rows);
  const bytes = await sizeOf(spark, path);
  const optimize = await costOf(() => spark.run(sql`OPTIMIZE delta.${table} WHERE \`month\` = ${MONTH}`));
  const after = await times(spark, table, state.rows + TIMES * MERGED);
  bench.progress(JSON.stringify({ bytes, before, optimize, after }));
  const how = `${readable(bytes / 1024 ** 2)} MB`;
  return [
    figure(`${what}: merge of ${MERGED} rows`, before.merge, how),
    figure(`${what}: scan`, before.scan),
    figure(`${what}: OPTIMIZE`, optimize),
    figure(`${what}: merge afterwards`, after.merge),
    figure(`${what}: scan afterwards`, after.scan),
  ];
}

function figure(what: string, { seconds, cpuSeconds }: Cost, how?: string): Figure {
  const wall = `${readable(seconds)} s on the clock`;
  return {
    what,
    value: cpuSeconds,
    unit: 's of processor time',
    how: how === undefined ? wall : `${wall}, ${how}`,
  };
}

async function fill(
  spark: LakeSpark,
  table: Sql,
  { rows, files, deletedPercent }: MonthState,
): Promise<void> {
  const columns = Array.from({ length: COLUMNS }, (_, at) => sql`${identifier(`form__q${at}`)} STRING`);
  await spark.run(sql`CREATE OR REPLACE TABLE delta.${table} (\`_id\` STRING, \`month\` DATE, \`_rev\` TIMESTAMP, ${joinSql(columns, ', ')})
USING delta PARTITIONED BY (\`month\`)
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.dataSkippingStatsColumns' = '_id,_rev')`);
  await spark.run(sql`INSERT INTO delta.${table} BY NAME
SELECT /*+ REPARTITION(${files}, \`_id\`) */ * FROM (${rowsOf(sql`range(${rows})`)})`);
  if (deletedPercent > 0)
    await spark.run(sql`DELETE FROM delta.${table} WHERE crc32(\`_id\`) % 100 < ${deletedPercent}`);
}

/** Answers that compress about as well as people's: words and numbers, a third of them empty. */
function rowsOf(numbers: Sql): Sql {
  const answers = Array.from({ length: COLUMNS }, (_, at) =>
    at % 3 === 0
      ? sql`'' AS ${identifier(`form__q${at}`)}`
      : sql`concat(${literal(`answer ${at} `)}, crc32(CAST(n.id * ${at + 7} AS STRING))) AS ${identifier(`form__q${at}`)}`,
  );
  return sql`SELECT md5(CAST(n.id AS STRING)) AS \`_id\`, ${MONTH} AS \`month\`, current_timestamp() AS \`_rev\`, ${joinSql(answers, ', ')}
FROM ${numbers} AS n`;
}

/** Medians. Each MERGE takes other rows, so that it finds its rows where a real one would: anywhere. */
async function times(spark: LakeSpark, table: Sql, rows: number): Promise<Times> {
  const merges: Cost[] = [];
  const scans: Cost[] = [];
  const names = ['_id', 'month', '_rev', ...Array.from({ length: COLUMNS }, (_, at) => `form__q${at}`)];
  for (let time = 0; time < TIMES; time++) {
    const from = Math.floor((rows / TIMES) * time);
    // Half anywhere among the rows there are, half new.
    const numbers = sql`(SELECT id * 37 % ${rows} AS id FROM range(${from}, ${from + MERGED / 2})
      UNION ALL SELECT id FROM range(${rows + MERGED * time}, ${rows + MERGED * time + MERGED / 2}))`;
    const set = names.map((name) => sql`t.${identifier(name)} = s.${identifier(name)}`);
    const columns = joinSql(names.map(identifier), ', ');
    const values = joinSql(
      names.map((name) => sql`s.${identifier(name)}`),
      ', ',
    );
    merges.push(
      await costOf(() =>
        spark.run(sql`MERGE INTO delta.${table} AS t USING (${rowsOf(numbers)}) AS s ON t.\`_id\` = s.\`_id\`
WHEN MATCHED THEN UPDATE SET ${joinSql(set, ', ')}
WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${values})`),
      ),
    );
    scans.push(
      await costOf(() =>
        spark.run(
          sql`SELECT count(DISTINCT length(form__q1)), sum(length(form__q2)), max(_rev) FROM delta.${table}`,
        ),
      ),
    );
  }
  const middle = (costs: readonly Cost[]): Cost => ({
    seconds: median(costs.map((cost) => cost.seconds)),
    cpuSeconds: median(costs.map((cost) => cost.cpuSeconds)),
  });
  return { merge: middle(merges), scan: middle(scans) };
}

async function sizeOf(spark: LakeSpark, path: string): Promise<number> {
  const lake = openStorage(spark.environment.HQ_DATA_PATH, spark.environment);
  const found = await readTableFiles(lake, path);
  return (found?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
}

async function costOf(act: () => Promise<void>): Promise<Cost> {
  const begin = performance.now();
  const { usage } = await whileWatched(stackVariable('TEST_STACK_DIR'), act);
  return { seconds: (performance.now() - begin) / 1000, cpuSeconds: usage?.cpuSeconds ?? NaN };
}
