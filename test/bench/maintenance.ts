import { identifier } from '../../orchestrator/sql/identifier.js';
import { literal } from '../../orchestrator/sql/literal.js';
import { joinSql, sql, type Sql } from '../../orchestrator/sql/text.js';
import { migrateLedger } from '../../orchestrator/ledger/migrate.js';
import { readTableFiles } from '../../orchestrator/commit/live-files.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { openLakeSpark, type LakeSpark } from './lake-spark.js';
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
  readonly merge: number;
  readonly scan: number;
}

/** What small files and deleted rows cost a merge and a reader, and what OPTIMIZE costs: where it pays for itself. */
export const maintenance: Measurement = {
  name: 'maintenance',
  title:
    'A month of a table by its number of files and share of deleted rows: merge and scan before and after OPTIMIZE',
  needsStack: true,
  async measure(bench) {
    const rows = { smoke: 2_000, quick: 100_000, full: 1_000_000 }[bench.size];
    const files = { smoke: [1, 8], quick: [1, 16, 64, 256], full: [1, 16, 32, 64, 256, 1024] }[bench.size];
    const shares = { smoke: [50], quick: [30, 60], full: [10, 20, 30, 50] }[bench.size];
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
  const optimize = await seconds(() => spark.run(sql`OPTIMIZE delta.${table} WHERE \`month\` = ${MONTH}`));
  const after = await times(spark, table, state.rows + TIMES * MERGED);
  bench.progress(JSON.stringify({ bytes, before, optimize, after }));
  const how = `${readable(bytes / 1024 ** 2)} MB`;
  return [
    { what: `${what}: merge of ${MERGED} rows`, value: before.merge, unit: 's', how },
    { what: `${what}: scan`, value: before.scan, unit: 's' },
    { what: `${what}: OPTIMIZE`, value: optimize, unit: 's' },
    { what: `${what}: merge afterwards`, value: after.merge, unit: 's' },
    { what: `${what}: scan afterwards`, value: after.scan, unit: 's' },
  ];
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
  const merges: number[] = [];
  const scans: number[] = [];
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
      await seconds(() =>
        spark.run(sql`MERGE INTO delta.${table} AS t USING (${rowsOf(numbers)}) AS s ON t.\`_id\` = s.\`_id\`
WHEN MATCHED THEN UPDATE SET ${joinSql(set, ', ')}
WHEN NOT MATCHED THEN INSERT (${columns}) VALUES (${values})`),
      ),
    );
    scans.push(
      await seconds(() =>
        spark.run(
          sql`SELECT count(DISTINCT length(form__q1)), sum(length(form__q2)), max(_rev) FROM delta.${table}`,
        ),
      ),
    );
  }
  return { merge: median(merges), scan: median(scans) };
}

async function sizeOf(spark: LakeSpark, path: string): Promise<number> {
  const lake = openStorage(spark.environment.HQ_DATA_PATH, spark.environment);
  const found = await readTableFiles(lake, path);
  return (found?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await act();
  return (performance.now() - begin) / 1000;
}
