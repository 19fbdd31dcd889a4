import { StagedLayout } from '../shape/layout.js';
import type { LayoutLimit } from '../shape/staged-place.js';
import type { Storage } from '../storage/storage.js';
import type { Extracted, JsonObject, RecordKind, Unreadable, Upsert } from '../types.js';
import { StagingWriter } from './staging-writer.js';
import { tableFolder, type OlderRecord, type StagedTable } from './staging-manifest.js';

export interface RecordName {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly id: string;
}

/** Where a staged record goes, or may still stand. */
export interface StagedPlacement {
  readonly kind: RecordKind;
  readonly domain: string;
  readonly recordId: string;
  readonly tableId: bigint;
  readonly op: 'upsert' | 'delete';
  readonly month: string | null;
  readonly rev: string | null;
}

/** A table a record stands in or may stand in, with the newest revision staged of it there. */
export interface KnownPlace {
  readonly tableId: bigint;
  readonly rev: string | null;
}

/** The ledger's part in routing; given by pipeline.ts. */
export interface Routing {
  /** Tables each of the records stands in or may stand in. */
  placesOf(records: readonly RecordName[]): Promise<ReadonlyMap<string, readonly KnownPlace[]>>;
  /** Table of a type, made known to the ledger when it is new. */
  tableOf(upsert: Upsert): Promise<bigint>;
  /** What a table that {@link tableOf} has named may have; undefined: as many columns as come. */
  limitOf(tableId: bigint): LayoutLimit | undefined;
}

export interface Staged {
  readonly tables: readonly StagedTable[];
  readonly placements: readonly StagedPlacement[];
  readonly unreadable: readonly Unreadable[];
  /** Records that came with an older revision than one staged before: the MERGE will refuse them. */
  readonly older: readonly OlderRecord[];
}

/** One ledger look-up for so many ids. */
const IDS_PER_LOOKUP = 1_000;

/** Key of a record in `placesOf`'s answer. */
export function placeKey(record: { readonly domain: string; readonly id: string }): string {
  return `${record.domain.length}:${record.domain}${record.id}`;
}

/**
 * Streams extracted records into one folder per table. An upsert also deletes the record from every other table it
 * may stand in (its type changed); a delete goes to wherever the record may stand. Every table gets at most one row
 * per id, which the MERGE relies on.
 */
export async function stageRecords(
  storage: Storage,
  stagingPath: string,
  records: AsyncIterable<Extracted>,
  routing: Routing,
): Promise<Staged> {
  const stager = new Stager(storage, stagingPath, routing);
  try {
    for await (const record of records) await stager.take(record);
    return await stager.finish();
  } catch (thrown) {
    stager.abort(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  }
}

/** A record after it was written; its document is gone. */
interface TakenRecord extends RecordName {
  /** Undefined for a delete. */
  readonly target: bigint | undefined;
  readonly rev: string | null;
}

interface OpenTable {
  readonly writer: StagingWriter;
  /** Made for the first upsert: deletes have no free part. */
  layout: StagedLayout | undefined;
  upserts: number;
  deletes: number;
}

class Stager {
  readonly #storage: Storage;
  readonly #stagingPath: string;
  readonly #routing: Routing;
  readonly #tables = new Map<bigint, OpenTable>();
  readonly #placements: StagedPlacement[] = [];
  readonly #unreadable: Unreadable[] = [];
  readonly #older: OlderRecord[] = [];
  /** Written to their own tables, the others not yet looked up. */
  #taken: TakenRecord[] = [];
  /** A location reaches the batch once for itself and once for each changed ancestor: the first one counts. */
  readonly #seen = new Set<string>();

  constructor(storage: Storage, stagingPath: string, routing: Routing) {
    this.#storage = storage;
    this.#stagingPath = stagingPath;
    this.#routing = routing;
  }

  /** Writes the record to its own table at once, so that no document waits in memory for the look-up of the others. */
  async take(record: Extracted): Promise<void> {
    if (!this.#isFirst(record)) return;
    if (record.op === 'unreadable') {
      this.#unreadable.push(record);
      return;
    }
    const target = record.op === 'upsert' ? await this.#routing.tableOf(record) : undefined;
    if (record.op === 'upsert' && target !== undefined) await this.#upsert(target, record);
    const { kind, domain, id } = record;
    this.#taken.push({ kind, domain, id, target, rev: record.op === 'upsert' ? record.rev : null });
    if (this.#taken.length >= IDS_PER_LOOKUP) await this.#lookUpPlaces();
  }

  async finish(): Promise<Staged> {
    await this.#lookUpPlaces();
    const tables: StagedTable[] = [];
    for (const [tableId, open] of this.#tables) {
      const files = await open.writer.close();
      const { upserts, deletes, layout = new StagedLayout() } = open;
      tables.push({ tableId, upserts, deletes, files, layout });
    }
    return {
      tables,
      placements: this.#placements,
      unreadable: this.#unreadable,
      older: this.#older,
    };
  }

  abort(reason: Error): void {
    for (const open of this.#tables.values()) open.writer.abort(reason);
  }

  /** Deletes what was taken from every other table it may stand in, and notes what came older than it was staged. */
  async #lookUpPlaces(): Promise<void> {
    const taken = this.#taken;
    if (taken.length === 0) return;
    this.#taken = [];
    const places = await this.#routing.placesOf(taken);
    for (const record of taken) {
      for (const place of places.get(placeKey(record)) ?? []) {
        if (place.tableId !== record.target) await this.#delete(place.tableId, record);
        // ISO texts of one form compare as times.
        else if (record.rev !== null && place.rev !== null && record.rev < place.rev)
          this.#older.push({ domain: record.domain, id: record.id });
      }
    }
  }

  #isFirst(record: Extracted): boolean {
    const key = placeKey(record);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  async #upsert(tableId: bigint, record: Upsert): Promise<void> {
    const table = this.#open(tableId);
    table.upserts++;
    const row: JsonObject = {
      op: 'upsert',
      _id: record.id,
      _rev: record.rev,
      month: record.month,
      ...record.fields,
    };
    if (record.indices !== undefined) row['indices'] = record.indices.map((index) => ({ ...index }));
    table.layout ??= new StagedLayout(this.#routing.limitOf(tableId));
    table.layout.encode(record.tree, row, record.id);
    await table.writer.write(row);
    this.#place(tableId, record, 'upsert', record.month, record.rev);
  }

  async #delete(tableId: bigint, record: RecordName): Promise<void> {
    const table = this.#open(tableId);
    table.deletes++;
    await table.writer.write({ op: 'delete', _id: record.id });
    this.#place(tableId, record, 'delete', null, null);
  }

  #place(
    tableId: bigint,
    record: RecordName,
    op: 'upsert' | 'delete',
    month: string | null,
    rev: string | null,
  ): void {
    this.#placements.push({
      kind: record.kind,
      domain: record.domain,
      recordId: record.id,
      tableId,
      op,
      month,
      rev,
    });
  }

  #open(tableId: bigint): OpenTable {
    let table = this.#tables.get(tableId);
    if (table === undefined) {
      const writer = new StagingWriter(this.#storage, tableFolder(this.#stagingPath, tableId));
      table = { writer, layout: undefined, upserts: 0, deletes: 0 };
      this.#tables.set(tableId, table);
    }
    return table;
  }
}
