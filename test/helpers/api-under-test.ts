import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openApiParts } from '../../orchestrator/api/open-parts.js';
import type { ApiParts } from '../../orchestrator/api/parts.js';
import { newTokenSecret, sha256 } from '../../orchestrator/api/access/secrets.js';
import { startApi } from '../../orchestrator/api/server.js';
import { loadModels } from '../../orchestrator/aggregation/models/load-models.js';
import { parseStoredConfig } from '../../orchestrator/config/lake.js';
import { ConfigVersions } from '../../orchestrator/ledger/config-versions.js';
import { openStorage } from '../../orchestrator/storage/open-storage.js';
import { SparkRest } from '../../orchestrator/submit/spark-rest.js';
import { WorkerLogs } from '../../orchestrator/submit/worker-logs.js';
import { readIngestionEnvironment } from '../../orchestrator/config/environment.js';
import { addToken, type TokenRole } from '../../orchestrator/ledger/api-tokens.js';
import { createLogger } from '../../orchestrator/logger.js';
import type { FreshLedger } from '../integration/ledger/fresh-ledger.js';

/** Nothing listens there: a service that is away. */
const AWAY = '127.0.0.1:9';

/** The real server on a port of its own, over a ledger alone: Kafka, Redis, Spark and HQ are away. */
export interface ApiUnderTest {
  readonly url: string;
  readonly tokens: Readonly<Record<TokenRole, string>>;
  /** Asks with a token; the body is sent as JSON. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when it is no JSON. */
  readonly json: Record<string, unknown> | undefined;
}

export async function startTestApi(
  ledger: FreshLedger,
  changed: Partial<ApiParts> = {},
): Promise<ApiUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'api-'));
  const place = (name: string): string => pathToFileURL(join(folder, name)).href;
  const environment = readIngestionEnvironment({
    KAFKA_BOOTSTRAP_SERVER_HOST: '127.0.0.1',
    KAFKA_BOOTSTRAP_SERVER_PORT: '9',
    LEDGER_DATABASE_URL: ledger.databaseUrl,
    LEDGER_RUNNER_DATABASE_URL: ledger.runnerUrl,
    CHECKPOINT_BASE_DIR: place('checkpoint'),
    HQ_DATA_PATH: place('lake'),
    HQ_DATABASE_URL: `postgresql://nobody:secret@${AWAY}/hq`,
    HQ_BLOB_STORE: place('blobs'),
    SPARK_MASTER_URL: `spark://${AWAY}`,
    SPARK_REST_URLS: `http://${AWAY}`,
    SPARK_DRIVER_CLASSPATH: '/none.jar',
    REDIS_URL: `redis://${AWAY}`,
    LAKE_CONFIG: join(folder, 'lake.yaml'),
  });
  const versions = new ConfigVersions(ledger.database, {
    parse: parseStoredConfig,
    hashKeyCheck: () => null,
  });
  const parts = openApiParts(
    {
      database: ledger.database,
      lake: openStorage(environment.HQ_DATA_PATH, environment),
      checkpoint: openStorage(environment.CHECKPOINT_BASE_DIR, environment),
      spark: new SparkRest(environment.SPARK_REST_URLS, undefined),
      workerLogs: new WorkerLogs([`http://${AWAY}`], undefined),
      lakeUuid: 'test',
      logger: createLogger({ level: 'error' }),
      configOf: (versionId) => versions.read(versionId),
    },
    {
      environment,
      models: loadModels(),
      aggregation: null,
      aggregatesUrl: place('aggregates'),
      webhook: undefined,
      dashboardUrl: 'http://127.0.0.1',
      secrets: [],
    },
  );
  const limits = { logins: 100_000, acts: 100_000, reads: 100_000 };
  const server = await startApi({ ...parts, limits, ...changed }, { host: '127.0.0.1', port: 0 });
  const tokens = { viewer: newTokenSecret(), operator: newTokenSecret(), admin: newTokenSecret() };
  for (const role of ['viewer', 'operator', 'admin'] as const)
    await addToken(ledger.database, {
      ...{ name: `${role}-${server.url.split(':').at(-1) ?? ''}`, role, by: 'test', days: 1 },
      sha256: sha256(tokens[role]),
    });
  return {
    url: server.url,
    tokens,
    ask: (method, path, options) => ask(server.url, method, path, options),
    async close() {
      await server.close();
      await parts.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Every error has this shape, and nothing else in it. */
export function isProblem({ json }: Answer, code?: string): void {
  assert.deepEqual(Object.keys(json ?? {}).sort(), ['code', 'hint', 'message']);
  if (code !== undefined) assert.equal(json?.['code'], code);
}

async function ask(
  url: string,
  method: string,
  path: string,
  { token, body, headers }: AskOptions = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  let json: Record<string, unknown> | undefined;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}
