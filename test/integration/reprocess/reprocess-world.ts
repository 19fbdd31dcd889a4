import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseLakeConfig, type LakeConfig } from '../../../orchestrator/config/lake.js';
import type { HqSource } from '../../../orchestrator/extract/request.js';
import type { LedgerDatabase } from '../../../orchestrator/ledger/database.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { withLeases } from '../../../orchestrator/ledger/leases.js';
import { stagePlaces } from '../../../orchestrator/ledger/places.js';
import { ensureTopic } from '../../../orchestrator/ledger/planning.js';
import { hasOpenParts, type RequestScope } from '../../../orchestrator/ledger/reprocess.js';
import { ensureTable } from '../../../orchestrator/ledger/tables.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { readIds } from '../../../orchestrator/plan/id-manifest.js';
import { databaseName, tableName, tablePath } from '../../../orchestrator/plan/table-names.js';
import { planReprocessPages } from '../../../orchestrator/reprocess/plan-pages.js';
import type { PageParts } from '../../../orchestrator/reprocess/reprocess-parts.js';
import { startReprocess, type ReprocessAsk } from '../../../orchestrator/reprocess/requests.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import {
  TOPIC_OF_KIND,
  TOPICS,
  type ManifestEntry,
  type RecordKind,
  type Topic,
} from '../../../orchestrator/types.js';
import { DOMAIN, HqFixture } from '../extract/hq-fixture.js';
import { openLedger, type FreshLedger } from '../ledger/fresh-ledger.js';

export const VISIT = 'http://openrosa.org/formdesigner/visit';
/** In Kolkata a month begins at half past six in the evening of the day before, UTC. */
export const YAML = `domains:
  ${DOMAIN}:
    cases: {child: {}, member: {}}
    forms: {"${VISIT}": {name: visit}}
    locations: true
    location_levels: [state, district, clinic]
    time_zone: Asia/Kolkata
`;

export interface PlannedPage {
  readonly topic: Topic;
  readonly kind: string;
  readonly request: bigint;
  readonly entries: readonly ManifestEntry[];
}

/** HQ's databases and the ledger are real; pages are looked at where they are planned. */
export class ReprocessWorld {
  readonly fixture: HqFixture;
  readonly ledger: FreshLedger;
  readonly hq: HqSource;
  readonly #folder: string;
  parts: PageParts;

  private constructor(
    fixture: HqFixture,
    ledger: FreshLedger,
    folder: string,
    config: LakeConfig,
    version: bigint,
  ) {
    [this.fixture, this.ledger, this.#folder] = [fixture, ledger, folder];
    this.hq = fixture.open();
    this.parts = {
      ...{ database: ledger.database, config, configVersionId: version, hq: this.hq },
      checkpoint: openStorage(pathToFileURL(folder).href, { AWS_REGION: 'us-east-1' }),
      environment: { MAX_RECORDS_TO_PROCESS: 50_000 },
      messages: { watermarks: () => Promise.resolve(new Map()), read: () => Promise.resolve() },
      logger: createLogger({ level: 'error' }),
    };
  }

  static async open(): Promise<ReprocessWorld> {
    const [fixture, ledger] = await Promise.all([HqFixture.create(), openLedger()]);
    for (const topic of TOPICS) await ensureTopic(ledger.database, topic);
    const config = parseLakeConfig(YAML);
    const version = await activated(ledger.database, config);
    return new ReprocessWorld(fixture, ledger, mkdtempSync(join(tmpdir(), 'reprocess-')), config, version);
  }

  async close(): Promise<void> {
    await this.hq.close();
    await Promise.all([this.fixture.remove(), this.ledger.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async apply(yaml: string): Promise<void> {
    const config = parseLakeConfig(yaml);
    this.parts = { ...this.parts, config, configVersionId: await activated(this.ledger.database, config) };
  }

  /** Nothing is asked for, planned or known any more; HQ stays as it is. */
  async forget(): Promise<void> {
    await this.ledger.database.query(
      'TRUNCATE batch, reprocess_request, record_place, source_change, aggregation_month CASCADE',
    );
    await this.ledger.database.query("UPDATE topic SET state = 'running'");
    await this.apply(YAML);
  }

  /** Records that stand in the lake, one month each. */
  async known(kind: RecordKind, type: string, month: string | null, ids: readonly string[]): Promise<bigint> {
    const naming = { path: tablePath, database: databaseName, table: tableName };
    const key = { domain: DOMAIN, kind, type, friendly: kind === 'form' ? 'visit' : undefined };
    const { id: tableId } = await this.ledger.database.transaction((tx) => ensureTable(tx, key, naming));
    const place = { kind, domain: DOMAIN, tableId, op: 'upsert', month, rev: null } as const;
    await stagePlaces(
      this.ledger.database,
      1n,
      ids.map((recordId) => ({ ...place, recordId })),
    );
    return tableId;
  }

  async ask(scope: Omit<RequestScope, 'domain'>, more: Partial<ReprocessAsk> = {}): Promise<bigint> {
    const usual = {
      kind: 'reprocess',
      reaggregate: false,
      reason: null,
      by: 'test',
      idempotencyKey: null,
    } as const;
    return (await startReprocess(this.parts, { ...usual, scope: { domain: DOMAIN, ...scope }, ...more })).id;
  }

  /** A turn of the topic's poller, or of several that take themselves for it. @returns whether more may wait */
  async turn(topic: Topic, pollers = 1): Promise<boolean> {
    const more = await withLeases(this.ledger.database, [`poller:${topic}`], 'test', ([lease], signal) => {
      if (lease === undefined) throw new Error('no lease');
      const each = (): Promise<boolean> => planReprocessPages(this.parts, topic, lease, signal);
      return Promise.all(Array.from({ length: pollers }, each));
    });
    if (more === undefined) throw new Error(`${topic} is polled by another`);
    return more.some(Boolean);
  }

  /** Turns of all topics until nothing is left to list; what is planned counts as ingested. @returns all pages */
  async drain(): Promise<PlannedPage[]> {
    for (const topic of TOPICS)
      while (await hasOpenParts(this.ledger.database, topic))
        if (!(await this.turn(topic))) await this.ingest();
    await this.ingest();
    for (const topic of TOPICS) await this.turn(topic);
    return this.pages();
  }

  async ingest(): Promise<void> {
    await this.ledger.database.query(
      "UPDATE batch SET state = 'committed', staged_at = now(), committed_at = now()",
    );
  }

  /** A live batch that nobody has begun to stage. */
  async live(kind: RecordKind): Promise<void> {
    await this.ledger.database.query(
      `WITH drawn AS (UPDATE topic SET next_sequence = next_sequence + 1 WHERE name = $1 RETURNING next_sequence - 1 AS sequence)
       INSERT INTO batch (topic, sequence, config_version_id, manifest_path, manifest_sha256, ids)
       SELECT $1, sequence, $2, 'p', 's', 1 FROM drawn`,
      [TOPIC_OF_KIND[kind], this.parts.configVersionId],
    );
  }

  async pages(): Promise<PlannedPage[]> {
    const rows = await this.ledger.database.query<
      PlannedPage & { path: string; sha: string; [column: string]: unknown }
    >(
      `SELECT topic, kind, reprocess_request_id AS request, manifest_path AS path, manifest_sha256 AS sha
       FROM batch WHERE reprocess_request_id IS NOT NULL ORDER BY id`,
    );
    return Promise.all(
      rows.map(async ({ topic, kind, request, path, sha }) => ({
        ...{ topic, kind, request },
        entries: await readIds(this.parts.checkpoint, path, sha),
      })),
    );
  }

  /** @returns state, records and failure of a request */
  async stateOf(id: bigint): Promise<{ state: string; records: bigint; failure_code: string | null }> {
    const [row] = await this.ledger.database.query<{
      state: string;
      records: bigint;
      failure_code: string | null;
    }>('SELECT state, records, failure_code FROM reprocess_request WHERE id = $1', [id]);
    if (row === undefined) throw new Error(`no request ${id}`);
    return row;
  }
}

/** Ids of some pages in their order. */
export function idsOf(pages: readonly PlannedPage[]): string[] {
  return pages.flatMap(({ entries }) => entries.map(({ id }) => id));
}

function activated(database: LedgerDatabase, config: LakeConfig): Promise<bigint> {
  return database.transaction((tx) => activateConfig(tx, { ...config, hashKeyCheck: null }));
}
