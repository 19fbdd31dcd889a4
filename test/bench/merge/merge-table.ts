import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTableState } from '../../../orchestrator/commit/delta-log.js';
import { appIdOf, laneNumbers } from '../../../orchestrator/commit/lane-numbers.js';
import { databaseName, tableName, tablePath } from '../../../orchestrator/plan/table-names.js';
import { baseColumns } from '../../../orchestrator/shape/table-columns.js';
import { targetShape, type TargetShape } from '../../../orchestrator/shape/target-shape.js';
import { identifier } from '../../../orchestrator/sql/identifier.js';
import { renderLane } from '../../../orchestrator/sql/render-lane.js';
import { joinSql, sql } from '../../../orchestrator/sql/text.js';
import { isWorthCompiling } from '../../../orchestrator/sql/worth-compiling.js';
import { placeKey, stageRecords } from '../../../orchestrator/stage/stage-records.js';
import { tableFolder, type StagedTable } from '../../../orchestrator/stage/staging-manifest.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import type { Storage } from '../../../orchestrator/storage/storage.js';
import type { LaneScript } from '../../../orchestrator/submit/run-files.js';
import type { Extracted, JsonObject } from '../../../orchestrator/types.js';
import type { LakeSpark } from '../lake-spark.js';
import { runCompiled, runLanes, type RunOptions, type RunResult, type StatementResult } from './run-lanes.js';
import { caseOf, MONTHS, PROPERTIES, textSql } from './rows.js';

const BASE = baseColumns('case', []);
const NAMES = BASE.map(({ name }) => name);
/** As many as fit into 40 columns besides the product's own. */
const FREE = 40 - BASE.length;
/** The free part's columns, in the order in which the staging files number them. */
export const FREE_COLUMNS: readonly string[] = PROPERTIES.slice(0, FREE).map((name) => `case_json__${name}`);

/** Rows staged for the table, and the merge's place in the table's sequence. */
export interface StagedMerge {
  readonly sequence: bigint;
  readonly staged: StagedTable;
  readonly stagingPath: string;
  readonly target: TargetShape;
  readonly rows: number;
}

export interface Merged {
  /** Of the MERGE alone, reading the staged rows included, as the driver measured it. */
  readonly seconds: number;
  /** By the first words of each: what else the lane did. */
  readonly statements: readonly StatementResult[];
  readonly run: RunResult;
}

/**
 * One table of 40 columns, made, grown and merged by the product's own modules and a real driver of the stack, without HQ,
 * Kafka and batches before it: what a MERGE costs, by the size of the table.
 */
export class MergeTable {
  readonly path: string;
  readonly #spark: LakeSpark;
  readonly #lake: Storage;
  readonly #domain: string;
  readonly #type: string;
  readonly #appId = appIdOf(randomUUID());
  #sequence = 0n;
  #rows = 0;
  #known: { shape: JsonObject; names: JsonObject; types: JsonObject } = { shape: {}, names: {}, types: {} };

  constructor(spark: LakeSpark, domain: string, type: string) {
    this.#spark = spark;
    this.#lake = openStorage(spark.environment.HQ_DATA_PATH, spark.environment);
    this.#domain = domain;
    this.#type = type;
    this.path = tablePath(domain, 'case', type);
  }

  get url(): string {
    return `${this.#lake.url}/${this.path}`;
  }

  get folder(): string {
    return fileURLToPath(this.url);
  }

  /** @param ids of the rows; known ones keep their values: a MERGE writes whole rows, changed or not */
  async stage(ids: readonly number[]): Promise<StagedMerge> {
    this.#sequence += 1n;
    const sequence = this.#sequence;
    const stagingPath = `runs/bench-${this.#type}-${sequence}`;
    const { checkpoint } = this.#spark.context;
    const { tables } = await stageRecords(checkpoint, stagingPath, this.#records(ids), {
      placesOf: (known) =>
        Promise.resolve(new Map(known.map((record) => [placeKey(record), [{ tableId: 1n, rev: null }]]))),
      tableOf: () => Promise.resolve(1n),
      limitOf: () => undefined,
    });
    const [staged] = tables;
    if (staged === undefined) throw new Error('nothing was staged');
    const target = targetShape({ kind: 'case', ...this.#known }, staged.layout, NAMES);
    return { sequence, staged, stagingPath, target, rows: ids.length };
  }

  /** Where the staged rows lie, for other engines. */
  stagingFolder({ stagingPath }: StagedMerge): string {
    const { checkpoint } = this.#spark.context;
    return join(fileURLToPath(checkpoint.url), tableFolder(stagingPath, 1n));
  }

  async merge(merge: StagedMerge, options: Omit<RunOptions, 'rows'> = {}): Promise<Merged> {
    const run = await runLanes(this.#spark, [await this.#render(merge)], { rows: merge.rows, ...options });
    const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
    const { shape, names, types } = merge.target;
    this.#known = { shape: json(shape), names: json(names), types: json(types) };
    const statements = run.lanes.flatMap((lane) => lane.statements);
    const found = statements.find(({ row }) => row !== null && 'num_affected_rows' in row);
    if (Number(found?.row?.['num_affected_rows']) !== merge.rows)
      throw new Error(`the MERGE changed ${JSON.stringify(found?.row)} rows instead of ${merge.rows}`);
    return { seconds: found?.seconds ?? 0, statements, run };
  }

  /** Makes the table with row 0, if it is not there yet, and copies that row until the table has so many. */
  async grow(rows: number): Promise<void> {
    let from = 0;
    this.#rows = rows;
    if (this.#sequence === 0n) {
      await this.merge(await this.stage([0]));
      from = 1;
    }
    const table = sql`delta.${identifier(this.url)}`;
    const replaced = ['_id', 'month', ...FREE_COLUMNS].map(identifier);
    const values = FREE_COLUMNS.map(
      (column, index) => sql`${textSql(index, sql`n.id`)} AS ${identifier(column)}`,
    );
    await runCompiled(
      this.#spark,
      sql`INSERT INTO ${table} BY NAME
SELECT t.* EXCEPT (${joinSql(replaced, ', ')}), concat('row-', n.id) AS \`_id\`,
  add_months(DATE'2024-01-01', CAST(n.id % ${MONTHS} AS INT)) AS \`month\`,
  ${joinSql(values, ',\n  ')}
FROM (SELECT * FROM ${table} WHERE \`_id\` = 'row-0') AS t CROSS JOIN range(${from}, ${rows}) AS n
DISTRIBUTE BY add_months(DATE'2024-01-01', CAST(n.id % ${MONTHS} AS INT))`,
    );
  }

  async #render({ sequence, staged, stagingPath, target, rows }: StagedMerge): Promise<LaneScript> {
    const { checkpoint } = this.#spark.context;
    const txn = laneNumbers(sequence, 1);
    const name = tableName('case', this.#type, undefined, () => false);
    const script = renderLane({
      appId: this.#appId,
      rewriteTxn: txn.rewrite,
      mergeTxn: txn.merge,
      metadata: { lane: '1', run: 'bench', batch: sequence.toString() },
      batchId: sequence,
      kind: 'case',
      databaseName: databaseName(this.#domain, () => false),
      tableName: name,
      tableUrl: this.url,
      registeredUrl: sequence === 1n ? null : this.url,
      stagingUrl: `${checkpoint.url}/${tableFolder(stagingPath, staged.tableId)}`,
      base: BASE,
      layout: staged.layout,
      target,
      // The MERGE that searches, marks and writes is the one to measure.
      allNew: false,
      isLarge: isWorthCompiling({ tableRows: this.#rows, stagedRows: rows }),
      actual: await readTableState(this.#lake, this.path, this.#appId),
    });
    return { laneId: 1n, tableName: name, script };
  }

  async *#records(ids: readonly number[]): AsyncIterable<Extracted> {
    for (const id of ids) yield await Promise.resolve(caseOf(this.#domain, this.#type, id, FREE));
  }
}
