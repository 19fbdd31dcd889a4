import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readTableState, type TableState } from '../../../orchestrator/commit/delta-log.js';
import { appIdOf, laneNumbers, type LaneNumbers } from '../../../orchestrator/commit/lane-numbers.js';
import { verifyLane } from '../../../orchestrator/commit/verify-lane.js';
import type { Lane, MergeFacts } from '../../../orchestrator/ledger/lanes.js';
import type { DeclaredTypes } from '../../../orchestrator/config/table-config.js';
import { databaseName, tableName, tablePath } from '../../../orchestrator/plan/table-names.js';
import { ReservedColumns } from '../../../orchestrator/shape/column-limit.js';
import { NOTHING_MADE } from '../../../orchestrator/shape/made-columns.js';
import { shapeFromJson } from '../../../orchestrator/shape/shape.js';
import type { LayoutLimit } from '../../../orchestrator/shape/staged-place.js';
import { baseColumns } from '../../../orchestrator/shape/table-columns.js';
import { targetShape, type TargetShape } from '../../../orchestrator/shape/target-shape.js';
import { renderLane } from '../../../orchestrator/sql/render-lane.js';
import { tableFolder, type StagedTable } from '../../../orchestrator/stage/staging-manifest.js';
import { placeKey, stageRecords } from '../../../orchestrator/stage/stage-records.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';
import { writeRunFiles, type LaneScript } from '../../../orchestrator/submit/run-files.js';
import { deltaSessionProperties } from '../../../orchestrator/submit/session-properties.js';
import type { Extracted, JsonObject } from '../../../orchestrator/types.js';
import { Workshop, type Driver } from '../runner/driver.js';
import { startLedger, type TestLedger } from '../runner/ledger.js';
import { readResult } from '../runner/result.js';

/** A case as it is now: its id and its free part. */
export interface Document {
  readonly id: string;
  readonly tree: JsonObject;
  /** Default: the same for all. */
  readonly rev?: string;
  /** Default: the same for all; null is a month of its own. */
  readonly month?: string | null;
  /** It is to be deleted; the tree counts for nothing. */
  readonly deleted?: boolean;
}

/** A table with what the ledger would keep of it. */
export interface ShapeTable {
  readonly id: bigint;
  readonly domain: string;
  readonly type: string;
  readonly path: string;
  readonly database: string;
  readonly name: string;
  sequence: bigint;
  shape: JsonObject;
  names: JsonObject;
  types: JsonObject;
  /** Types that lake.yaml declares for the next batch. */
  declared: DeclaredTypes;
  /** Columns of the free part that the next batch is staged for; none: as many as come. */
  maxColumns?: number;
}

/** A batch whose files are written. */
interface StagedBatch {
  readonly staged: StagedTable;
  readonly stagingPath: string;
  readonly sequence: bigint;
}

/** One table's part of a run: staged, numbered, and what the table's shape will be. */
export interface Prepared {
  readonly table: ShapeTable;
  readonly staged: StagedTable;
  readonly stagingPath: string;
  readonly txn: LaneNumbers;
  readonly target: TargetShape;
  readonly lane: Lane;
}

const BASE = baseColumns('case', []);
const APP_ID = appIdOf(randomUUID());
const IDLE_SECONDS = 600;
/** The session of production, but without a metastore: tables stand in a temporary folder. */
const PROPERTIES = {
  ...deltaSessionProperties({ driverClasspath: '', shortLived: true }),
  'spark.sql.catalogImplementation': 'in-memory',
  // As driverRequest has it for small runs.
  'spark.databricks.delta.merge.materializeSource': 'none',
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
};

/**
 * The path from staged records to merged tables with the product's own modules and the real runner on a real Spark,
 * less HQ, Kafka and the control plane: what a table holds can be watched batch by batch.
 */
export class ShapeLake {
  readonly storage: FileStorage;
  readonly root: string;
  readonly #workshop: Workshop;
  readonly #ledger: TestLedger;
  #warm: Driver | undefined;
  #lanes = 0;
  #tables = 0;

  private constructor(workshop: Workshop, ledger: TestLedger) {
    this.#workshop = workshop;
    this.#ledger = ledger;
    this.root = join(workshop.folder, 'store');
    this.storage = new FileStorage(`file://${this.root}`);
  }

  static async open(): Promise<ShapeLake> {
    return new ShapeLake(new Workshop(), await startLedger());
  }

  async close(): Promise<void> {
    await this.#workshop.close();
    await this.#ledger.close();
  }

  table(type: string, domain = 'demo'): ShapeTable {
    return {
      id: BigInt(++this.#tables),
      domain,
      type,
      path: tablePath(domain, 'case', type),
      database: databaseName(domain, () => false),
      name: tableName('case', type, undefined, () => false),
      sequence: 0n,
      shape: {},
      names: {},
      types: {},
      declared: new Map(),
    };
  }

  /** Merges one batch into each of the tables, all in one run. */
  async merge(
    batches: readonly (readonly [ShapeTable, readonly Document[]])[],
    allNew = false,
  ): Promise<MergeFacts[]> {
    const prepared = await Promise.all(
      batches.map(([table, documents]) => this.prepare(table, documents, allNew)),
    );
    await this.run(prepared);
    return Promise.all(prepared.map((each) => this.settle(each)));
  }

  /** @param allNew renders a lane of records that are said to be new to the table */
  async prepare(table: ShapeTable, documents: readonly Document[], allNew = false): Promise<Prepared> {
    return this.aim(table, await this.stage(table, documents), allNew);
  }

  /** Stages the table's next batch, whether or not those before it have merged. */
  async stage(table: ShapeTable, documents: readonly Document[]): Promise<StagedBatch> {
    table.sequence += 1n;
    const { sequence } = table;
    const stagingPath = `runs/${table.id}-${sequence}`;
    const { tables } = await stageRecords(this.storage, stagingPath, records(table, documents), {
      // Only a delete goes where the record may stand already.
      placesOf: (known) =>
        Promise.resolve(
          new Map(known.map((record) => [placeKey(record), [{ tableId: table.id, rev: null }]])),
        ),
      tableOf: () => Promise.resolve(table.id),
      limitOf: () => limitOf(table),
    });
    const [staged] = tables;
    if (staged === undefined) throw new Error('nothing was staged');
    return { staged, stagingPath, sequence };
  }

  /** What a staged batch is to make of the table as it is now. */
  aim(table: ShapeTable, { staged, stagingPath, sequence }: StagedBatch, allNew = false): Prepared {
    return {
      table,
      staged,
      stagingPath,
      txn: laneNumbers(sequence, 1),
      target: targetShape(
        { kind: 'case', shape: table.shape, names: table.names, types: table.types },
        staged.layout,
        BASE.map((column) => column.name),
        table.declared,
      ),
      lane: {
        id: BigInt(++this.#lanes),
        batchId: sequence,
        tableId: table.id,
        state: 'submitted',
        upserts: staged.upserts,
        deletes: staged.deletes,
        allNew,
        attempts: 0,
        pruned: null,
      },
    };
  }

  /** Renders the lane from what the Delta log shows now. */
  async render(prepared: Prepared, runId: string): Promise<LaneScript> {
    const { table, staged, txn, lane } = prepared;
    const script = renderLane({
      appId: APP_ID,
      rewriteTxn: txn.rewrite,
      mergeTxn: txn.merge,
      metadata: { lane: lane.id.toString(), run: runId, batch: table.sequence.toString() },
      batchId: table.sequence,
      kind: 'case',
      databaseName: table.database,
      tableName: table.name,
      tableUrl: `${this.storage.url}/${table.path}`,
      registeredUrl: null,
      stagingUrl: `${this.storage.url}/${tableFolder(prepared.stagingPath, table.id)}`,
      base: BASE,
      layout: staged.layout,
      target: prepared.target,
      allNew: lane.allNew,
      // Compiled code has to do the same as the interpreter: every other lane is for it.
      isLarge: table.sequence % 2n === 0n,
      actual: await readTableState(this.storage, table.path, APP_ID),
    });
    return { laneId: lane.id, tableName: table.name.slice(0, 60), script };
  }

  /** Hands the run to the warm driver and waits for its end. */
  async run(prepared: readonly Prepared[]): Promise<void> {
    const { runId, runFile } = await this.#write(prepared);
    this.#warm ??= this.#start(['--idle-seconds', String(IDLE_SECONDS)], {});
    const ids = await this.#ledger.addRun({ run: runId, warm: { runFile } });
    const row = await Promise.race([
      this.#ledger.until(ids.run, (each) => each.state === 'done' || each.state === 'failed'),
      this.#warm.exit.then((code) => {
        throw new Error(`the warm driver ended with ${code}: ${this.#warm?.log().slice(-4000) ?? ''}`);
      }),
    ]);
    if (row.state === 'failed') throw new Error(this.#failures(runId));
  }

  /** A driver of its own for one run, with a fault in it. @returns its exit code */
  async runWithFault(prepared: Prepared, fault: string): Promise<number> {
    const { runId, runFile } = await this.#write([prepared]);
    const { token } = await this.#ledger.addRun({ run: runId });
    const driver = this.#start(['--run', runId, '--token', token, '--run-file', runFile], {
      DIMAGI_LAKE_DRIVER_FAULT: fault,
    });
    return driver.exit;
  }

  /** Asks the Delta log, and keeps the table's new shape as the ledger would: through JSON. */
  async settle({ table, txn, lane, target }: Prepared): Promise<MergeFacts> {
    const facts = await verifyLane(this.storage, table.path, APP_ID, txn.merge, lane);
    if (facts === undefined) throw new Error(`the log of ${table.path} does not hold ${txn.merge}`);
    table.shape = JSON.parse(JSON.stringify(target.shape)) as JsonObject;
    table.names = JSON.parse(JSON.stringify(target.names)) as JsonObject;
    table.types = JSON.parse(JSON.stringify(target.types)) as JsonObject;
    return facts;
  }

  /** What the Delta log shows of the table. */
  async state(table: ShapeTable): Promise<TableState | undefined> {
    return readTableState(this.storage, table.path, APP_ID);
  }

  /** What each commit of the table did, in order. */
  async operations(table: ShapeTable): Promise<string[]> {
    return (await this.#commits(table)).map((actions) => {
      const info = actions.find((action) => action['commitInfo'] !== undefined)?.['commitInfo'] as JsonObject;
      return typeof info['operation'] === 'string' ? info['operation'] : '';
    });
  }

  async #commits(table: ShapeTable): Promise<JsonObject[][]> {
    const names = (await this.storage.list(`${table.path}/_delta_log`)).map((object) => object.name);
    const commits = names.filter((name) => name.endsWith('.json'));
    return Promise.all(
      commits.map(async (name) => {
        const bytes = await this.storage.read(`${table.path}/_delta_log/${name}`);
        const lines = new TextDecoder().decode(bytes).trim().split('\n');
        return lines.map((line) => JSON.parse(line) as JsonObject);
      }),
    );
  }

  async #write(prepared: readonly Prepared[]): Promise<{ runId: string; runFile: string }> {
    const runId = randomUUID();
    const lanes = await Promise.all(prepared.map((each) => this.render(each, runId)));
    return { runId, runFile: await writeRunFiles(this.storage, `runs/${runId}`, runId, lanes) };
  }

  #start(args: readonly string[], env: Readonly<Record<string, string>>): Driver {
    return this.#workshop.start({ args, env: { ...this.#ledger.env, ...env }, properties: PROPERTIES });
  }

  #failures(runId: string): string {
    const { lanes } = readResult(join(this.root, 'runs', runId, 'result.json'));
    const errors = lanes.flatMap((lane) => lane.statements.filter((each) => each.error !== null));
    return `${JSON.stringify(errors.map((each) => each.error))}\n${this.#warm?.log().slice(-6000) ?? ''}`;
  }
}

function limitOf({ maxColumns, declared, shape }: ShapeTable): LayoutLimit | undefined {
  if (maxColumns === undefined) return undefined;
  const reserved = new ReservedColumns(declared, NOTHING_MADE);
  return { columns: maxColumns, reserved, known: shapeFromJson(shape), prefix: 'case_json' };
}

async function* records(table: ShapeTable, documents: readonly Document[]): AsyncIterable<Extracted> {
  for (const { id, tree, rev, month, deleted } of documents) {
    if (deleted) {
      yield { op: 'delete', kind: 'case', domain: table.domain, id };
      continue;
    }
    yield await Promise.resolve({
      op: 'upsert' as const,
      kind: 'case' as const,
      domain: table.domain,
      id,
      type: table.type,
      rev: rev ?? '2024-05-06T07:08:09.000000Z',
      month: month === undefined ? '2024-05-01' : month,
      fields: { domain: table.domain, type: table.type, closed: false },
      indices: [],
      tree,
    });
  }
}
