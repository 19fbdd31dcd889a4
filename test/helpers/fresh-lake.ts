import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { TOPICS, type Topic } from '../../orchestrator/types.js';
import { systemClock, type MovableClock } from '../hq-sim/clock.js';
import { openHq, type Hq } from '../hq-sim/hq.js';
import { lakeConfigText } from '../hq-sim/programme/lake-config.js';
import { runOracle, type OracleOptions, type OracleReport } from '../oracle/oracle.js';
import { startCouchServer, type CouchServer } from './couch-server.js';
import { readCommits, type DeltaCommit } from './delta-commits.js';
import { brokers, recreateTopics } from './kafka-topics.js';
import { startOrchestrator, type Ended, type Orchestrator } from './orchestrator.js';
import type { S3Server } from './s3-server.js';
import { endDrivers } from './spark-drivers.js';
import { stackVariable } from './stack-environment.js';
import { choosePlaces, type PlaceOptions } from './lake-places.js';
import { createDatabases, databaseUrl, dropDatabases, resetLedger } from './test-databases.js';

/** What a test has for itself: HQ, topics, ledger, lake and checkpoint folders. Spark, Kafka and Redis are shared. */
export interface FreshLake {
  readonly domain: string;
  /** The lake on disk: its own folder, or where the S3 server keeps its bucket. */
  readonly folder: string;
  /** Its own, with `storage` or `blobs` on S3. */
  readonly s3: S3Server | undefined;
  /** Its own, with `users` in CouchDB. */
  readonly couch: CouchServer | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly hq: Hq;
  readonly clock: MovableClock;
  readonly ledger: pg.Pool;
  /** `ingestion <topic> --once`, to its end, whatever that is. */
  ingest(topic: Topic, extraEnv?: Readonly<Record<string, string>>): Promise<Ended>;
  /** As `ingest`, but any other end than exit code 0 fails the test. */
  ingestAll(topics?: readonly Topic[], extraEnv?: Readonly<Record<string, string>>): Promise<void>;
  start(topic: Topic, extraEnv?: Readonly<Record<string, string>>, flags?: readonly string[]): Orchestrator;
  oracle(options?: OracleOptions): Promise<OracleReport>;
  /** Fails, naming each difference, when a row or a column of the lake is not what HQ holds. */
  requireEqual(options?: OracleOptions): Promise<OracleReport>;
  /** By `<topic>/<type>`. */
  commits(): ReadonlyMap<string, readonly DeltaCommit[]>;
  /** Number of commits by `<topic>/<type>`. */
  deltaVersions(): Readonly<Record<string, number>>;
}

export interface FreshLakeOptions extends PlaceOptions {
  /** No driver is left over and none stays: each run starts its own. Default: drivers stay warm and are shared. */
  readonly cold?: boolean;
  /** Default as in the simulator's own installation, but fewer. */
  readonly partitions?: Readonly<Record<Topic, number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** URL of the Postgres that holds HQ, as its superuser; default the stack's. */
  readonly hqServer?: string;
  /** Where HQ's users are: usercases, or documents in a CouchDB of the test's own. Default: usercases. */
  readonly users?: 'usercase' | 'couchdb';
  /** Text of lake.yaml; default the programme's. */
  readonly config?: (domain: string) => string;
}

const PARTITIONS = { 'form-sql': 2, 'case-sql': 2, location: 1 };
/** What a killed process was at goes on so much later; long enough for a machine that is busy with other things. */
const LEASE_SECONDS = 6;
/** Longer than what happens between two runs, so that tests share drivers. */
const WARM_SECONDS = '60';

/** A test (or a measurement), as far as it undoes things at its end. */
export interface Closing {
  after(undo: () => void | Promise<void>): void;
}

/** Closed by `t.after`. The stack must be up (see stackVariable). */
export async function freshLake(t: Closing, options: FreshLakeOptions = {}): Promise<FreshLake> {
  const tag = randomBytes(4).toString('hex');
  const domain = `test-${tag}`;
  const databases = ['main', 'p1', 'p2'].map((part) => `hq_${part}_${tag}`);
  const dir = mkdtempSync(join(stackVariable('TEST_STACK_DIR'), 'fresh-'));
  const places = await choosePlaces(dir, options);
  // A driver that is warm from another lake knows another S3 server or none.
  if (options.cold === true || options.storage === 's3') await endDrivers();
  await Promise.all([
    recreateTopics(options.partitions ?? PARTITIONS),
    createDatabases(databases, options.hqServer),
    resetLedger(),
  ]);
  const [mainUrl = '', ...shardUrls] = databases.map((name) => databaseUrl(name, options.hqServer));
  const clock = systemClock();
  const couch = options.users === 'couchdb' ? await startCouchServer() : undefined;
  const users = couch?.users('commcarehq__users');
  const hq = await openHq({
    ...(users === undefined ? {} : { users }),
    mainUrl,
    shardUrls,
    blobStore: places.blobStore,
    ...(places.s3 === undefined ? {} : { s3: places.s3 }),
    kafka: { brokers: brokers() },
    clock,
  });
  const config = join(dir, 'lake.yaml');
  writeFileSync(config, (options.config ?? lakeConfigText)(domain));
  const env = {
    HQ_DATABASE_URL: mainUrl,
    HQ_SHARD_DATABASE_URLS: shardUrls.join(','),
    HQ_USERS: users ?? 'usercase',
    ...places.env,
    LAKE_CONFIG: config,
    POLL_SECONDS: '0.3',
    LEASE_SECONDS: String(LEASE_SECONDS),
    SPARK_WARM_SECONDS: options.cold === true ? '0' : WARM_SECONDS,
    SPARK_DRIVER_MEMORY: '768m',
    ...options.env,
  };
  const ledger = new pg.Pool({ connectionString: databaseUrl('ledger'), max: 2 });
  // Tests cut connections on purpose; the next query opens a new one.
  ledger.on('error', () => undefined);
  const started: Orchestrator[] = [];
  t.after(async () => {
    for (const each of started) each.kill('SIGKILL');
    await Promise.all(started.map((each) => each.ended));
    if (options.cold === true) await endDrivers();
    await ledger.end();
    await hq.close();
    await places.s3?.close();
    await couch?.close();
    await dropDatabases(databases, options.hqServer);
    rmSync(dir, { recursive: true, force: true });
  });
  const start: FreshLake['start'] = (topic, extraEnv = {}, flags) => {
    const one = startOrchestrator(topic, { ...env, ...extraEnv }, flags);
    started.push(one);
    return one;
  };
  const { folder, s3 } = places;
  return { domain, folder, s3, couch, env, hq, clock, ledger, start, ...looksOf(domain, folder, env, start) };
}

type Looks = Pick<
  FreshLake,
  'ingest' | 'ingestAll' | 'oracle' | 'requireEqual' | 'commits' | 'deltaVersions'
>;

function looksOf(
  domain: string,
  folder: string,
  env: Readonly<Record<string, string>>,
  start: FreshLake['start'],
): Looks {
  const ingest: FreshLake['ingest'] = (topic, extraEnv) => start(topic, extraEnv).ended;
  const oracle: FreshLake['oracle'] = (options) => runOracle({ ...process.env, ...env }, options);
  const commits: FreshLake['commits'] = () => readCommits(folder, domain);
  return {
    ingest,
    oracle,
    commits,
    async ingestAll(topics = TOPICS, extraEnv = {}) {
      for (const topic of topics) {
        const { code, signal, stderr } = await ingest(topic, extraEnv);
        assert.equal(code, 0, `ingestion of ${topic} ended with ${code ?? signal ?? ''}:\n${stderr}`);
      }
    },
    async requireEqual(options) {
      const report = await oracle({ showValues: true, ...options });
      const wrong = report.tables.filter((table) => !table.ok);
      assert.ok(
        report.ok,
        `the lake is not what HQ holds: ${report.error ?? ''} ${JSON.stringify(wrong, null, 1)}`,
      );
      return report;
    },
    deltaVersions: () => Object.fromEntries([...commits()].map(([table, list]) => [table, list.length])),
  };
}
