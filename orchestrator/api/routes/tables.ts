import { z } from 'zod';
import { outputPath } from '../../aggregation/output-path.js';
import { newestCommits, tableSize, type TableCommit } from '../../commit/table-history.js';
import { schemaPage } from '../../ledger/schema-changes.js';
import { readTables, type LakeTable } from '../../ledger/tables.js';
import { lookAtTable } from '../../maintenance/look-at-table.js';
import { askSpark } from '../../pipeline/spark-query.js';
import { isTyped } from '../../shape/column-types.js';
import { presentColumns } from '../../shape/target-shape.js';
import { rescuedCountsQuestion } from '../../sql/questions.js';
import type { Storage } from '../../storage/storage.js';
import { reads } from '../access/roles.js';
import { domainLevels } from '../active-config.js';
import { cursorOf, readIdCursor } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { ApiProblem, notFound } from '../problems.js';
import { causeOf } from '../read/cause.js';
import { aggregateColumns, recordColumns } from '../read/table-columns.js';
import { maintenanceOf } from '../read/table-maintenance.js';
import { pageOfTables } from '../read/table-list.js';
import { tablesNow, type TableNow } from '../read/tables.js';
import { pageQuery } from '../schemas/common.js';
import {
  commits,
  rescued,
  schemaHistory,
  tableDetail,
  tablePage,
  tableQuery,
  type Table,
  type TableDetail,
} from '../schemas/lake.js';

const byName = z.object({ database: z.string().max(255), table: z.string().max(255) });
/** Spark may have to start a driver first. */
const RESCUED_MS = 60_000;

/** Tables of the lake. */
export function tableRoutes(app: Api, parts: ApiParts): void {
  const { database } = parts;

  app.get(
    '/tables',
    {
      config: reads(),
      schema: {
        tags: ['tables'],
        summary: 'Tables of records and of aggregations',
        description: '`q`: words that must all occur in name, domain or type.',
        querystring: tableQuery,
        response: { 200: tablePage },
      },
    },
    async (request) =>
      pageOfTables(
        (await tablesNow(parts)).map((each) => each.table),
        request.query,
      ),
  );

  app.get(
    '/tables/:database/:table',
    {
      config: reads(),
      schema: {
        tags: ['tables'],
        summary: 'A table: columns, size, all that was ever merged, maintenance, what holds it up',
        description:
          '`files` and `bytes` are of the newest checksum of the Delta log; null when the storage does not answer.',
        params: byName,
        response: { 200: tableDetail },
      },
    },
    async (request) => {
      const now = await one(request.params);
      const { table, facts } = now;
      const levels = await domainLevels(parts, table.domain);
      const [path, storage] = placeOf(now);
      const size = storage === null ? null : await tableSize(storage, path).catch(() => null);
      const look = await lookAtTable(database, table, storage === null ? null : { storage, path });
      const known = facts === null ? undefined : await lakeTable(facts.id);
      const why = table.reason ?? facts?.failure ?? null;
      return {
        table,
        cause: why === null ? null : causeOf(why, facts?.failureClass ?? null),
        path,
        columns: known === undefined ? modelColumns(table, levels) : recordColumns(known, levels),
        overflow: overflowOf(known),
        files: size?.files ?? null,
        bytes: size?.bytes.toString() ?? null,
        totals: facts === null ? { ...NOTHING_MERGED } : totalsOf(facts),
        maintenance: maintenanceOf(look),
        cli:
          facts === null
            ? `dimagi-lake months ${table.domain}`
            : `dimagi-lake schema ${table.database}.${table.name} --history`,
      };
    },
  );

  app.get(
    '/tables/:database/:table/schema-history',
    {
      config: reads(),
      schema: {
        tags: ['tables'],
        summary: 'What changed in its columns, and which record of which message did it',
        params: byName,
        querystring: z.strictObject(pageQuery),
        response: { 200: schemaHistory },
      },
    },
    async (request) => {
      const { facts } = await one(request.params);
      const { limit, cursor } = request.query;
      const before = readIdCursor(cursor);
      if (facts === null) return { changes: [], next: null };
      const changes = await schemaPage(database, facts.id, before, limit);
      const last = changes.length === limit ? changes.at(-1) : undefined;
      return {
        changes: changes.map(({ at, column, change, from, to, partition, offset, ...rest }) => ({
          ...{ at, column, change, from, to, partition, offset },
          record: rest.recordId,
          batch: rest.batchId.toString(),
          deltaVersion: rest.deltaVersion.toString(),
        })),
        next: last === undefined ? null : cursorOf([last.id.toString()]),
      };
    },
  );

  app.get(
    '/tables/:database/:table/commits',
    {
      config: reads(),
      schema: {
        tags: ['tables'],
        summary: 'Newest commits of its Delta log, with the job that made each',
        params: byName,
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(20) }),
        response: { 200: commits },
      },
    },
    async (request) => {
      const [path, storage] = placeOf(await one(request.params));
      if (storage === null) return { commits: [] };
      return { commits: (await newestCommits(storage, path, request.query.limit)).map(commitOf) };
    },
  );

  app.get(
    '/tables/:database/:table/rescued',
    {
      config: reads(),
      schema: {
        tags: ['tables'],
        summary: 'Texts that are no value of their declared type, counted per column',
        description: 'Spark counts them: this takes seconds, and needs a cluster with room.',
        params: byName,
        response: { 200: rescued },
      },
    },
    async (request) => {
      const { facts } = await one(request.params);
      const table = facts === null ? undefined : await lakeTable(facts.id);
      if (facts === null || table === undefined || facts.deltaVersion === null) return { columns: [] };
      if (!presentColumns(table).some((column) => isTyped(column.type))) return { columns: [] };
      const question = rescuedCountsQuestion(`${parts.lake.url}/${table.path}`);
      const [counts] = await askSpark(parts.driver, [question], AbortSignal.timeout(RESCUED_MS));
      const found = JSON.parse(counts?.['columns'] ?? '[]') as { column: string; texts: number }[];
      return { columns: found.map(({ column, texts }) => ({ column, rows: String(texts) })) };
    },
  );

  async function one(name: z.output<typeof byName>): Promise<TableNow> {
    const wanted = `${name.database}.${name.table}`.toLowerCase();
    const found = (await tablesNow(parts)).find(
      ({ table }) => `${table.database}.${table.name}`.toLowerCase() === wanted,
    );
    if (found === undefined)
      throw notFound(`table ${name.database}.${name.table}`, 'GET /api/v1/tables lists them.');
    return found;
  }

  /** Its path in the lake or among the aggregates; without AGG_DATA_PATH the latter can't be looked at. */
  function placeOf({ table, facts }: TableNow): [path: string, storage: Storage | null] {
    return facts === null
      ? [outputPath(table.domain, table.name), parts.aggregates]
      : [facts.path, parts.lake];
  }

  async function lakeTable(id: bigint): Promise<LakeTable> {
    const table = (await readTables(database, [id])).get(id);
    if (table === undefined) throw new ApiProblem('NOT_FOUND', 'The table has gone');
    return table;
  }

  function modelColumns(table: Table, levels: readonly string[]): ReturnType<typeof aggregateColumns> {
    return aggregateColumns(
      parts.models.all.find((model) => model.table === table.name),
      levels,
    );
  }
}

function overflowOf(known: LakeTable | undefined): TableDetail['overflow'] {
  const overflow = known?.overflow ?? null;
  return overflow === null ? null : { limit: overflow.limit, names: [...overflow.names] };
}

const NOTHING_MERGED = { inserted: '0', updated: '0', deleted: '0', refused: '0', batches: '0' };

function totalsOf({
  inserted,
  updated,
  deleted,
  refused,
  batches,
}: typeof NOTHING_MERGED): typeof NOTHING_MERGED {
  return { inserted, updated, deleted, refused, batches };
}

function commitOf(commit: TableCommit): z.output<typeof commits>['commits'][number] {
  const count = (...names: string[]): string | null =>
    names.map((name) => commit.metrics[name]).find((each) => each !== undefined && /^\d{1,19}$/.test(each)) ??
    null;
  const ids = { batch: commit.batch, aggregation: commit.aggregation, maintenance: commit.maintenance };
  const [job] = Object.entries(ids).flatMap(([kind, id]) => (id === null ? [] : [`${kind}-${id}`]));
  return {
    version: commit.version.toString(),
    at: commit.at ?? new Date(0).toISOString(),
    operation: commit.operation,
    job: job ?? null,
    inserted: count('numTargetRowsInserted', 'numOutputRows'),
    updated: count('numTargetRowsUpdated'),
    deleted: count('numTargetRowsDeleted', 'numDeletedRows'),
    filesAdded: count('numTargetFilesAdded', 'numAddedFiles', 'numFiles'),
    filesRemoved: count('numTargetFilesRemoved', 'numRemovedFiles'),
    bytesAdded: count('numTargetBytesAdded', 'numOutputBytes', 'numAddedBytes'),
  };
}
