import { LakeError } from '../errors.js';
import type { HqDatabase, Query } from './hq-database.js';
import type { ExtractRequest, Moment } from './request.js';

/** What every row that is looked up by id brings. `rev` is ISO UTC text: it sorts as it is. */
export interface IdRow {
  readonly id: string;
  readonly rev: string | null;
}

/** HQ's tombstones of records purged for good, by kind. */
const TOMBSTONE_CLASS = {
  form: 'form_processor.XFormInstance',
  case: 'form_processor.CommCareCase',
} as const;

/**
 * HQ's form and case tables, spread over any number of databases. All ids go to every shard: that costs a few index
 * probes and needs no knowledge of HQ's shard map, which changes when shards are split.
 */
export class Shards {
  readonly databases: readonly HqDatabase[];
  readonly #main: HqDatabase;

  constructor(databases: readonly HqDatabase[], main: HqDatabase) {
    this.databases = databases;
    this.#main = main;
  }

  /**
   * The newest row of each id; an id without one is gone from HQ, by proof.
   * @throws LakeError HQ_STANDBY_BEHIND when a standby stays behind and not all ids have a tombstone
   */
  async readProven<Row extends IdRow>(
    query: Query,
    ids: readonly string[],
    request: ExtractRequest & { readonly kind: 'form' | 'case' },
  ): Promise<ReadonlyMap<string, Row>> {
    const newest = provableTime(request.newestPublishTimestamp);
    const answers = await Promise.all(
      this.databases.map(async (database) => ({
        database,
        rows: await database.readProven<Row>(query, newest, request.signal),
      })),
    );
    const behind = answers.filter(({ rows }) => rows === undefined).map(({ database }) => database.name);
    if (behind.length === 0) return newestOf(answers.flatMap(({ rows }) => rows ?? []));
    if (await this.#allPurged(ids, request)) return new Map();
    throw new LakeError(
      'HQ_STANDBY_BEHIND',
      `HQ's standby ${behind.join(', ')} does not show all changes yet`,
      {
        facts: { databases: behind, newestPublishTimestamp: newest, ids: ids.length },
      },
    );
  }

  /** Rows of every shard, each as new as the newest message. @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED */
  async readSettled<Row extends IdRow>(query: Query, moment: Moment): Promise<readonly Row[]> {
    const newest = provableTime(moment.newestPublishTimestamp);
    const read = this.databases.map((database) => database.readSettled<Row>(query, newest, moment.signal));
    return (await Promise.all(read)).flat();
  }

  async #allPurged(
    ids: readonly string[],
    { kind, domain }: { readonly kind: 'form' | 'case'; readonly domain: string },
  ): Promise<boolean> {
    const purged = await this.#main.read<{ id: string }>({
      text: `SELECT DISTINCT doc_id AS id FROM cleanup_deletedsqldoc
             WHERE doc_id = ANY($1::varchar[]) AND object_class_path = $2 AND domain = $3`,
      values: [ids, TOMBSTONE_CLASS[kind], domain],
    });
    return purged.length === ids.length;
  }
}

/** While HQ splits a shard an id stands in two of them; the copy left behind is no longer written. */
export function newestOf<Row extends IdRow>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const other = byId.get(row.id);
    if (other === undefined || (row.rev ?? '') > (other.rev ?? '')) byId.set(row.id, row);
  }
  return byId;
}

/** The timestamp comes from a message: one that is none proves nothing, so the stricter rule applies. */
export function provableTime(newest: string | null): string | null {
  return newest !== null && /^\d{4}-\d{2}-\d{2}T/.test(newest) && !Number.isNaN(Date.parse(newest))
    ? newest
    : null;
}
