import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { accepts } from '../stack/ports.js';
import type { Check } from './check.js';

const CONNECT_MS = 10_000;

/** Kafka, Redis and the Postgres databases, each asked for real. */
export const SERVICE_CHECKS: readonly Check[] = [
  {
    name: 'Kafka',
    needs: ['KAFKA_BOOTSTRAP_SERVER_HOST', 'KAFKA_BOOTSTRAP_SERVER_PORT'],
    mend: 'Start Kafka (`dimagi-lake stack up` for the embedded one) or correct KAFKA_BOOTSTRAP_SERVER_HOST and _PORT.',
    look: async (value) => {
      const broker = `${value('KAFKA_BOOTSTRAP_SERVER_HOST')}:${value('KAFKA_BOOTSTRAP_SERVER_PORT')}`;
      const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 1 } });
      const admin = kafka.admin();
      try {
        await admin.connect();
        const [cluster, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()]);
        return `${broker}: ${cluster.brokers.length} broker(s), ${topics.length} topic(s)`;
      } finally {
        await admin.disconnect();
      }
    },
  },
  {
    name: 'Redis',
    needs: ['REDIS_URL'],
    mend: 'Redis must be 6.2 or newer with maxmemory-policy noeviction: BullMQ loses jobs under any other policy.',
    look: async (value) => {
      const client = new Redis(value('REDIS_URL'), { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => undefined); // connect() rejects with the same.
      try {
        await client.connect();
        await client.ping();
        return redisFacts(await client.info());
      } finally {
        client.disconnect();
      }
    },
  },
  database('Ledger', 'LEDGER_DATABASE_URL'),
  database("Ledger, as the drivers' login", 'LEDGER_RUNNER_DATABASE_URL'),
  {
    name: 'Hive metastore',
    needs: ['METASTORE_HOST', 'METASTORE_PORT', 'METASTORE_DB', 'METASTORE_USERNAME', 'METASTORE_PASSWORD'],
    mend: 'Check the METASTORE_ variables; the schema must be Hive 2.3.0 (`stack up` makes it, see hive/).',
    look: (value) => {
      const client = new pg.Client({
        host: value('METASTORE_HOST'),
        port: Number(value('METASTORE_PORT')),
        database: value('METASTORE_DB'),
        user: value('METASTORE_USERNAME'),
        password: value('METASTORE_PASSWORD'),
        connectionTimeoutMillis: CONNECT_MS,
      });
      return ask(client, metastoreFacts);
    },
  },
  {
    name: 'Warehouse',
    needs: ['DASHBOARD_DB_HOST', 'DASHBOARD_DB_PORT', 'DASHBOARD_DB_NAME', 'DASHBOARD_DB_USERNAME'],
    mend: 'Check the DASHBOARD_DB_ variables and that the database takes connections.',
    look: (value) => {
      const client = new pg.Client({
        host: value('DASHBOARD_DB_HOST'),
        port: Number(value('DASHBOARD_DB_PORT')),
        database: value('DASHBOARD_DB_NAME'),
        user: value('DASHBOARD_DB_USERNAME'),
        password: value('DASHBOARD_DB_PASSWORD'),
        connectionTimeoutMillis: CONNECT_MS,
      });
      return ask(client, serverFacts);
    },
  },
  {
    ...database("HQ's main database", 'HQ_DATABASE_URL'),
    unset: 'Ingestion needs it: set it to the URL of the database that holds the locations.',
  },
  {
    name: 'Thrift Server',
    needs: ['THRIFT_HOST', 'THRIFT_PORT'],
    unset: 'Only for SQL clients: `dimagi-lake stack up --thrift` starts one.',
    mend: 'Start it (`dimagi-lake stack up --thrift`) and read its driver log.',
    look: async (value) => {
      const [host, port] = [value('THRIFT_HOST'), Number(value('THRIFT_PORT'))];
      if (!(await accepts(host, port))) throw new Error(`nothing listens at ${host}:${port}`);
      return `${host}:${port} takes connections`;
    },
  },
];

function database(name: string, variable: string): Check {
  return {
    name,
    needs: [variable],
    mend: `Check ${variable} and that the database takes connections.`,
    look: (value) =>
      ask(
        new pg.Client({ connectionString: value(variable), connectionTimeoutMillis: CONNECT_MS }),
        serverFacts,
      ),
  };
}

async function ask(client: pg.Client, question: (client: pg.Client) => Promise<string>): Promise<string> {
  client.on('error', () => undefined); // The query rejects with the same.
  try {
    await client.connect();
    return await question(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function serverFacts(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string; name: string; role: string }>(
    `SELECT current_setting('server_version') AS version, current_database() AS name, current_user AS role`,
  );
  const [row] = rows;
  return `${row?.name ?? '?'} as ${row?.role ?? '?'}, Postgres ${row?.version ?? '?'}`;
}

async function metastoreFacts(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    'SELECT "SCHEMA_VERSION" AS version FROM "VERSION"',
  );
  const version = rows[0]?.version;
  if (version !== '2.3.0')
    throw new Error(`its schema version is ${version ?? 'not set'}, Spark needs 2.3.0`);
  return `schema ${version}`;
}

function redisFacts(info: string): string {
  const fact = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const version = fact('redis_version') ?? '?';
  const policy = fact('maxmemory_policy');
  const [major, minor] = version.split('.').map(Number);
  if ((major ?? 0) < 6 || (major === 6 && (minor ?? 0) < 2)) throw new Error(`version ${version} is too old`);
  if (policy !== undefined && policy !== 'noeviction') throw new Error(`its maxmemory-policy is ${policy}`);
  return `version ${version}, ${policy ?? 'policy unknown'}`;
}
