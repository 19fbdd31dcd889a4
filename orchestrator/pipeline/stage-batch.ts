import { domainOf, friendlyName, isListed, tableConfig, type LakeConfig } from '../config/lake.js';
import { crashPoint } from '../crash-point.js';
import { asLakeError } from '../errors.js';
import { batchFailed, beginExtraction, haltBatch, readBatch, type Batch } from '../ledger/batches.js';
import { withLeases, type Lease } from '../ledger/leases.js';
import { pauseOf } from '../ledger/pauses.js';
import { placesOf } from '../ledger/places.js';
import { haltTopic } from '../ledger/planning.js';
import { commitStaging, type QuarantinedRecord } from '../ledger/staging.js';
import { ensureTable, type LakeTable } from '../ledger/tables.js';
import { readIds } from '../plan/id-manifest.js';
import { databaseName, tableName, tablePath } from '../plan/table-names.js';
import { ReservedColumns } from '../shape/column-limit.js';
import { join, shapeFromJson } from '../shape/shape.js';
import type { LayoutLimit } from '../shape/staged-place.js';
import { TREE_PREFIX } from '../shape/target-shape.js';
import { writeManifest } from '../stage/staging-manifest.js';
import {
  placeKey,
  stageRecords,
  type KnownPlace,
  type Routing,
  type Staged,
} from '../stage/stage-records.js';
import {
  KIND_OF_TOPIC,
  TOPICS,
  type Extracted,
  type ManifestEntry,
  type RecordKind,
  type Upsert,
} from '../types.js';
import type { PipelineContext } from './context.js';
import { tableTransforms } from './table-transforms.js';

const PLACES_PER_WRITE = 5_000;

/**
 * extract ▸ transform ▸ shape ▸ stage: what the batch's ids are in HQ now, written once as staging files.
 * @returns false when another process stages a batch of the topic
 */
export async function stageBatch(context: PipelineContext, batchId: bigint): Promise<boolean> {
  const { topic } = await readBatch(context.database, batchId);
  const done = await withLeases(
    context.database,
    [`stage:${topic}`],
    context.owner,
    async ([lease], signal) => {
      const batch = await readBatch(context.database, batchId);
      if (batch.state !== 'planned' || lease === undefined) return true;
      // The job may have been queued before somebody paused it.
      if ((await pauseOf(context.database, { queue: 'stage', topic })) !== undefined) return true;
      try {
        await extractAndStage(context, batch, lease, signal);
      } catch (thrown) {
        await stagingFailed(context, batch, thrown);
      }
      return true;
    },
  );
  return done ?? false;
}

async function extractAndStage(
  context: PipelineContext,
  planned: Batch,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const { database, checkpoint } = context;
  const config = await context.configOf(planned.configVersionId);
  await context.requireHashKey(planned.configVersionId);
  const ids = await readIds(checkpoint, planned.manifestPath, planned.manifestSha256);
  const extraction = await beginExtraction(database, planned.id);
  const batch = { ...planned, extraction };
  const stagingPath = `runs/${batch.topic}-${batch.sequence}-x${extraction}`;
  const started = Date.now();
  const kind = kindOf(batch);
  const route = routing(context, config, kind);
  const transforms = await tableTransforms(context, config, kind, (record) => route.tableNameOf(record));
  const extracted = extractIds(context, config, batch, ids, signal);
  const staged = await stageRecords(checkpoint, stagingPath, transforms.apply(extracted), route);
  await writeManifest(
    checkpoint,
    stagingPath,
    { batchId: batch.id, configVersionId: batch.configVersionId, extraction },
    staged,
  );
  crashPoint('after-staging-files');
  signal.throwIfAborted();
  await database.transaction((tx) =>
    commitStaging(tx, lease, batch, {
      stagingPath,
      lanes: staged.tables,
      places: slices(staged.placements),
      looked: { kind, records: lookedAt(ids, staged) },
      quarantined: quarantined(staged, ids),
    }),
  );
  crashPoint('after-staging');
  context.logger.info('batch staged', {
    topic: batch.topic,
    batchId: batch.id.toString(),
    ids: ids.length,
    rows: staged.placements.length,
    tables: staged.tables.length,
    quarantined: staged.unreadable.length,
    ...(transforms.notKept === 0 ? {} : { notKept: transforms.notKept }),
    seconds: (Date.now() - started) / 1000,
  });
}

function kindOf(batch: Batch): RecordKind {
  const topic = TOPICS.find((each) => each === batch.topic);
  if (topic === undefined) throw new RangeError(`unknown topic ${batch.topic}`);
  return KIND_OF_TOPIC[topic];
}

async function* extractIds(
  context: PipelineContext,
  config: LakeConfig,
  batch: Batch,
  ids: readonly ManifestEntry[],
  signal: AbortSignal,
): AsyncIterable<Extracted> {
  const kind = kindOf(batch);
  for (const [domain, entries] of byDomain(ids)) {
    const domainConfig = domainOf(config, domain);
    if (domainConfig === undefined) continue;
    yield* context.hq.extract({
      kind,
      domain,
      ids: entries.map((entry) => entry.id),
      newestPublishTimestamp: batch.newestPublishTimestamp,
      announcedGone: new Set(entries.filter(({ gone }) => gone === true).map(({ id }) => id)),
      alone: new Set(entries.filter(({ alone }) => alone === true).map(({ id }) => id)),
      domainConfig,
      isListed: (type) => isListed(config, domain, kind, type),
      signal,
    });
  }
}

interface NamedRouting extends Routing {
  tableNameOf(upsert: Upsert): Promise<string>;
}

/** Finds or names tables, and asks the ledger where records stand; both are safe outside the staging transaction. */
function routing(context: PipelineContext, config: LakeConfig, kind: RecordKind): NamedRouting {
  const tables = new Map<string, LakeTable>();
  const naming = { path: tablePath, database: databaseName, table: tableName };
  const tableOf = async ({ domain, type }: Upsert): Promise<LakeTable> => {
    const key = placeKey({ domain, id: type });
    const known = tables.get(key);
    if (known !== undefined) return known;
    const friendly = friendlyName(config, domain, kind, type);
    const table = await context.database.transaction((tx) =>
      ensureTable(tx, { domain, kind, type, friendly }, naming),
    );
    tables.set(key, table);
    return table;
  };
  return {
    async placesOf(records) {
      const places = new Map<string, KnownPlace[]>();
      for (const [domain, own] of byDomain(records)) {
        const rows = await placesOf(
          context.database,
          kind,
          domain,
          own.map((record) => record.id),
        );
        for (const row of rows) {
          const key = placeKey({ domain, id: row.recordId });
          places.set(key, [...(places.get(key) ?? []), row]);
        }
      }
      return places;
    },
    tableOf: async (upsert) => (await tableOf(upsert)).id,
    limitOf: (tableId) => {
      const table = [...tables.values()].find(({ id }) => id === tableId);
      return table === undefined ? undefined : layoutLimit(context, config, table);
    },
    tableNameOf: async (upsert) => (await tableOf(upsert)).tableName,
  };
}

/** What the ledger knows of a table now: batches before this one may add to it, which their lanes and this one's allow for. */
function layoutLimit(context: PipelineContext, config: LakeConfig, table: LakeTable): LayoutLimit {
  const settings = tableConfig(config, table.domain, table.tableName);
  return {
    columns: context.environment.MAX_TABLE_COLUMNS,
    reserved: new ReservedColumns(settings.types, settings),
    known: join(shapeFromJson(table.shape), context.wantedShape(table.tableName)),
    prefix: TREE_PREFIX[table.kind],
  };
}

function byDomain<T extends { readonly domain: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.domain);
    if (group === undefined) groups.set(row.domain, [row]);
    else group.push(row);
  }
  return groups;
}

function* slices<T>(rows: readonly T[]): Iterable<readonly T[]> {
  for (let from = 0; from < rows.length; from += PLACES_PER_WRITE)
    yield rows.slice(from, from + PLACES_PER_WRITE);
}

/** The ids asked for, and what came with them: a location brings its descendants. */
function* lookedAt(
  ids: readonly ManifestEntry[],
  staged: Staged,
): Iterable<readonly { readonly domain: string; readonly id: string }[]> {
  yield* slices(ids);
  const asked = new Set(ids.map(placeKey));
  const brought = staged.placements
    .map(({ domain, recordId }) => ({ domain, id: recordId }))
    .filter((record) => !asked.has(placeKey(record)));
  yield* slices(brought);
}

function quarantined(staged: Staged, ids: readonly ManifestEntry[]): QuarantinedRecord[] {
  if (staged.unreadable.length === 0) return [];
  const byId = new Map(ids.map((entry) => [placeKey(entry), entry]));
  return staged.unreadable.map((record) => {
    const entry = byId.get(placeKey(record));
    return {
      kind: record.kind,
      domain: record.domain,
      recordId: record.id,
      type: record.type,
      reason: record.reason,
      place: record.where,
      partition: entry?.partition ?? null,
      offset: entry?.offset ?? null,
    };
  });
}

/** A failure that will pass is tried again later; any other halts the topic, because later batches build on this. */
async function stagingFailed(context: PipelineContext, batch: Batch, thrown: unknown): Promise<void> {
  const error = asLakeError(thrown);
  if (error.code === 'LEASE_LOST') return;
  const facts = { topic: batch.topic, batchId: batch.id.toString(), code: error.code };
  if (error.retryable) {
    context.logger.warn('batch not staged, to be tried again', { ...facts, reason: error.message });
    await batchFailed(context.database, batch.id, error.failureClass, `${error.code}: ${error.message}`);
    return;
  }
  context.logger.error('batch and topic halted', { ...facts, reason: error.message, stack: error.stack });
  await haltBatch(context.database, batch.id, error.failureClass, `${error.code}: ${error.message}`);
  await haltTopic(context.database, batch.topic, `batch ${batch.id}: ${error.code}: ${error.message}`);
}
