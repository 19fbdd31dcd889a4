import type pg from 'pg';
import { TOPICS } from '../../orchestrator/types.js';
import { accepts } from '../stack/ports.js';
import { askKafka, askPostgres, askRedis, brokerOf } from './ask.js';
import type { Check } from './check.js';

/** More apart than this, times in ledger and logs mislead, and a token for Spark may be refused. */
const MOST_CLOCK_SKEW_S = 10;

/** Kafka, Redis and our own databases, each asked for real. */
export const SERVICE_CHECKS: readonly Check[] = [
  {
    name: 'Kafka',
    needs: ['KAFKA_BOOTSTRAP_SERVER_HOST', 'KAFKA_BOOTSTRAP_SERVER_PORT'],
    mend: 'Start Kafka (`dimagi-lake stack up` for the embedded one) or correct KAFKA_BOOTSTRAP_SERVER_HOST and _PORT.',
    look: (_value, environment) =>
      askKafka(environment, async (admin) => {
        const [cluster, topics] = await Promise.all([admin.describeCluster(), admin.listTopics()]);
        return `${brokerOf(environment)}: ${cluster.brokers.length} broker(s), ${topics.length} topic(s)`;
      }),
  },
  {
    name: "HQ's topics",
    needs: ['KAFKA_BOOTSTRAP_SERVER_HOST', 'KAFKA_BOOTSTRAP_SERVER_PORT', 'HQ_DATABASE_URL'],
    unset: 'Looked at when HQ_DATABASE_URL is set.',
    mend: 'HQ makes its topics; KAFKA_BOOTSTRAP_SERVER_HOST must be a broker of HQ (`dimagi-lake hq-sim init` for a simulated one).',
    look: (_value, environment) =>
      askKafka(environment, async (admin) => {
        const there = await admin.listTopics();
        const missing = TOPICS.filter((topic) => !there.includes(topic));
        if (missing.length > 0) throw new Error(`Kafka has no ${missing.join(', ')}`);
        const { topics } = await admin.fetchTopicMetadata({ topics: [...TOPICS] });
        return topics
          .map(({ name, partitions }) => `${name} with ${partitions.length} partition(s)`)
          .join(', ');
      }),
  },
  {
    name: 'Redis',
    needs: ['REDIS_URL'],
    mend: 'Redis must be 6.2 or newer with maxmemory-policy noeviction: BullMQ loses jobs under any other policy.',
    look: async (value) => redisFacts(await askRedis(value('REDIS_URL'))),
  },
  database('Ledger', 'LEDGER_DATABASE_URL'),
  database("Ledger, as the drivers' login", 'LEDGER_RUNNER_DATABASE_URL'),
  {
    name: 'Clock',
    needs: ['LEDGER_DATABASE_URL'],
    mend: "Let NTP set both machines' clocks.",
    look: (value) =>
      askPostgres({ connectionString: value('LEDGER_DATABASE_URL') }, async (client) => {
        await client.query('SELECT 1');
        const asked = Date.now();
        const { rows } = await client.query<{ now: number }>(
          'SELECT extract(epoch FROM clock_timestamp())::float8 AS now',
        );
        const skew = (rows[0]?.now ?? 0) - (asked + Date.now()) / 2000;
        const told = `${Math.abs(skew).toFixed(1)} s apart from the ledger's`;
        if (Math.abs(skew) > MOST_CLOCK_SKEW_S) throw new Error(`it is ${told}`);
        return told;
      }),
  },
  {
    name: 'Hive metastore',
    needs: ['METASTORE_HOST', 'METASTORE_PORT', 'METASTORE_DB', 'METASTORE_USERNAME', 'METASTORE_PASSWORD'],
    mend: 'Check the METASTORE_ variables; the schema must be Hive 2.3.0 (`stack up` makes it, see hive/).',
    look: (value) =>
      askPostgres(
        {
          host: value('METASTORE_HOST'),
          port: Number(value('METASTORE_PORT')),
          database: value('METASTORE_DB'),
          user: value('METASTORE_USERNAME'),
          password: value('METASTORE_PASSWORD'),
        },
        metastoreFacts,
      ),
  },
  {
    name: 'Warehouse',
    needs: ['DASHBOARD_DB_HOST', 'DASHBOARD_DB_PORT', 'DASHBOARD_DB_NAME', 'DASHBOARD_DB_USERNAME'],
    mend: 'Check the DASHBOARD_DB_ variables and that the database takes connections.',
    look: (value) =>
      askPostgres(
        {
          host: value('DASHBOARD_DB_HOST'),
          port: Number(value('DASHBOARD_DB_PORT')),
          database: value('DASHBOARD_DB_NAME'),
          user: value('DASHBOARD_DB_USERNAME'),
          password: value('DASHBOARD_DB_PASSWORD'),
        },
        serverFacts,
      ),
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
    look: (value) => askPostgres({ connectionString: value(variable) }, serverFacts),
  };
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
