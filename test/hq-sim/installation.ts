import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { z } from 'zod';
import { LakeError } from '../../orchestrator/errors.js';
import type { S3Settings } from './blob-store.js';
import type { KafkaOptions } from './change-feed.js';
import type { Clock } from './clock.js';
import { readShellExports, setShellExports } from './environment-file.js';
import { openHq, type Hq } from './hq.js';
import { DOMAIN } from './programme/options.js';
import { writeLakeConfig } from './programme/lake-config.js';

/** What `init` made, kept in D/hq.json for the other verbs. */
const installation = z.object({
  domain: z.string(),
  mainUrl: z.string(),
  shardUrls: z.array(z.string()),
  blobStore: z.string(),
  brokers: z.array(z.string()),
  readerPassword: z.string(),
});
export type Installation = z.infer<typeof installation>;

/** Databases of the installation: the main one and two shards. */
const DATABASES = { main: 'hq_main', shards: ['hq_p1', 'hq_p2'] } as const;
/** Partitions by topic; HQ's own numbers differ from site to site. */
const TOPICS = { 'form-sql': 4, 'case-sql': 4, location: 2 } as const;
/** What the lake reads HQ as: it may select and nothing else. */
const READER = 'hq_reader';

export interface InstallOptions {
  /** Domains that lake.yaml lists when there is none yet; the first is the one meant where none is named. */
  readonly domains?: readonly string[];
  /** `file:///dir` or `s3://bucket`; default: a folder in D, or as before. */
  readonly blobStore?: string;
}

/**
 * Makes databases, tables, a read-only role, blob folder, topics, D/hq.json, HQ's variables in D/env.sh and (when
 * there is none) D/lake.yaml. What is there already stays.
 * @param environment where STACK_POSTGRES_URL and the Kafka address are looked for before D/env.sh
 */
export async function install(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  options: InstallOptions = {},
): Promise<Installation> {
  const dir = resolve(folder);
  await mkdir(dir, { recursive: true });
  const envFile = join(dir, 'env.sh');
  const known = { ...readShellExports(envFile), ...environment };
  const serverUrl = required(known, 'STACK_POSTGRES_URL');
  const broker = `${required(known, 'KAFKA_BOOTSTRAP_SERVER_HOST')}:${required(known, 'KAFKA_BOOTSTRAP_SERVER_PORT')}`;
  const earlier = existsSync(join(dir, 'hq.json')) ? await readInstallation(dir) : null;
  const domains = options.domains ?? [earlier?.domain ?? DOMAIN];
  const made: Installation = {
    domain: domains[0] ?? DOMAIN,
    mainUrl: withDatabase(serverUrl, DATABASES.main),
    shardUrls: DATABASES.shards.map((name) => withDatabase(serverUrl, name)),
    blobStore: options.blobStore ?? earlier?.blobStore ?? pathToFileURL(join(dir, 'hq-blobs')).href,
    brokers: [broker],
    readerPassword: earlier?.readerPassword ?? randomBytes(12).toString('hex'),
  };
  await createDatabases(serverUrl, made.readerPassword);
  await createTopics(made.brokers);
  const hq = await openHq({ ...made, kafka: { brokers: made.brokers }, s3: s3Settings(known) });
  try {
    for (const pool of [hq.context.databases.main, ...hq.context.databases.shards]) {
      await pool.query(`GRANT USAGE ON SCHEMA public TO ${READER}`);
      await pool.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${READER}`);
    }
  } finally {
    await hq.close();
  }
  await writeFile(join(dir, 'hq.json'), `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  const asReader = (url: string): string => withLogin(url, READER, made.readerPassword);
  await setShellExports(envFile, {
    HQ_DATABASE_URL: asReader(made.mainUrl),
    HQ_SHARD_DATABASE_URLS: made.shardUrls.map(asReader).join(','),
    HQ_BLOB_STORE: made.blobStore,
    HQ_USERS: 'usercase',
  });
  if (!existsSync(join(dir, 'lake.yaml'))) await writeLakeConfig(join(dir, 'lake.yaml'), domains);
  return made;
}

/** @throws LakeError USAGE when `init` has not been run for the folder */
export async function readInstallation(folder: string): Promise<Installation> {
  const path = join(resolve(folder), 'hq.json');
  if (!existsSync(path)) {
    throw new LakeError('USAGE', `${path} is not there`, {
      mend: `Run \`dimagi-lake hq-sim init --dir ${folder}\` first.`,
    });
  }
  return await installation.parseAsync(JSON.parse(readFileSync(path, 'utf8')));
}

/** Opens the simulator of an installation. An S3 blob store's keys come by the environment. */
export async function openInstallation(
  made: Installation,
  clock: Clock,
  announced: Omit<KafkaOptions, 'brokers'> = {},
): Promise<Hq> {
  return await openHq({
    ...made,
    kafka: { brokers: made.brokers, ...announced },
    s3: s3Settings(process.env),
    clock,
  });
}

function s3Settings(known: Readonly<Record<string, string | undefined>>): S3Settings {
  const given = {
    endpoint: known['S3_ENDPOINT'],
    region: known['AWS_REGION'],
    accessKeyId: known['AWS_ACCESS_KEY_ID'],
    secretAccessKey: known['AWS_SECRET_ACCESS_KEY'],
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => (value ?? '') !== ''));
}

async function createDatabases(serverUrl: string, readerPassword: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (cause) {
    throw new LakeError('SERVICE_UNREACHABLE', 'The Postgres at STACK_POSTGRES_URL does not answer', {
      cause,
    });
  }
  try {
    const roles = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [READER]);
    const password = client.escapeLiteral(readerPassword);
    await client.query(
      `${roles.rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${READER} LOGIN PASSWORD ${password}`,
    );
    for (const name of [DATABASES.main, ...DATABASES.shards]) {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
    }
  } finally {
    await client.end();
  }
}

async function createTopics(brokers: string[]): Promise<void> {
  const admin = new Kafka({
    clientId: 'hq-sim',
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  }).admin();
  try {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    const topics = Object.entries(TOPICS)
      .filter(([topic]) => !there.has(topic))
      .map(([topic, numPartitions]) => ({ topic, numPartitions, replicationFactor: 1 }));
    if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
  } catch (cause) {
    throw new LakeError('SERVICE_UNREACHABLE', `Kafka at ${brokers.join(',')} does not answer`, { cause });
  } finally {
    await admin.disconnect();
  }
}

function required(known: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = known[name];
  if (value === undefined || value === '') {
    throw new LakeError('CONFIG_INVALID', `${name} is neither set nor in env.sh`, {
      mend: 'Run `dimagi-lake stack up` with the same --dir first.',
    });
  }
  return value;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function withLogin(databaseUrl: string, user: string, password: string): string {
  const url = new URL(databaseUrl);
  url.username = user;
  url.password = password;
  return url.href;
}
