import type { AggregationEnvironment, IngestionEnvironment } from '../../orchestrator/config/environment.js';
import {
  readDoctorEnvironment,
  type DoctorEnvironment,
} from '../../orchestrator/config/doctor-environment.js';
import { LakeError } from '../../orchestrator/errors.js';
import { probeRest } from '../stack/spark-rest.js';
import { askKafka, askPostgres, askRedis, brokerOf, listOf, publicUrl } from './ask.js';
import { messageOf, runCheck, type Check } from './check.js';
import { blobStoreFacts, userFacts } from './hq-checks.js';
import { requireWritable } from './storage-checks.js';

/** Longer than a service that lives ever takes; all are asked at once. */
const LIMIT_MS = 10_000;

/**
 * Asks everything that ingestion needs, all at once, before it starts: what is down is told in seconds, by the name of
 * its variable, and not by a retry that goes on for minutes. What goes down later is waited for.
 * @throws LakeError SERVICE_UNREACHABLE naming every variable whose service does not answer
 */
export async function requireServices(environment: IngestionEnvironment): Promise<void> {
  await requireAll(environment, checks(environment));
}

/** The same for what computes aggregations. @throws LakeError SERVICE_UNREACHABLE */
export async function requireAggregationServices(environment: AggregationEnvironment): Promise<void> {
  await requireAll(environment, [...LEDGER_CHECKS, ...AGGREGATION_CHECKS, ...LAKE_CHECKS]);
}

async function requireAll(
  environment: IngestionEnvironment | AggregationEnvironment,
  wanted: readonly Check[],
): Promise<void> {
  const variables = { ...readDoctorEnvironment(), ...textOf(environment) };
  const findings = await Promise.all(wanted.map((check) => runCheck(check, variables)));
  const faults = findings
    .filter(({ state }) => state === 'fault')
    .map(({ name, detail }) => `${name}: ${detail}`);
  if (faults.length === 0) return;
  const count = faults.length === 1 ? '1 service can' : `${faults.length} services can`;
  throw new LakeError('SERVICE_UNREACHABLE', `${count} not be used:\n  ${faults.join('\n  ')}`, {
    facts: { faults },
    mend: 'Start what is down (`dimagi-lake stack up` for the embedded stack) or correct the variable; `dimagi-lake doctor` looks closer.',
  });
}

/** By variable: what stands behind it, shown without its login. */
function checks(environment: IngestionEnvironment): readonly Check[] {
  const shards = environment.HQ_SHARD_DATABASE_URLS ?? [];
  return [
    check('KAFKA_BOOTSTRAP_SERVER_HOST', (_value, all) =>
      at(
        brokerOf(all),
        askKafka(all, (admin) => admin.listTopics()),
      ),
    ),
    check('REDIS_URL', (value) => at(publicUrl(value), askRedis(value))),
    ...LEDGER_CHECKS,
    postgres('HQ_DATABASE_URL'),
    ...shards.map((url, index) =>
      named(`HQ_SHARD_DATABASE_URLS, part ${index + 1}`, 'HQ_SHARD_DATABASE_URLS', () =>
        at(publicUrl(url), connect(url)),
      ),
    ),
    check('HQ_BLOB_STORE', blobStoreFacts),
    check('HQ_USERS', userFacts),
    ...LAKE_CHECKS,
  ];
}

type Look = (value: string, environment: DoctorEnvironment) => Promise<unknown>;

function check(variable: string, look: Look): Check {
  return named(variable, variable, look);
}

function named(name: string, variable: string, look: Look): Check {
  return {
    name,
    needs: [variable],
    mend: '',
    limitMs: LIMIT_MS,
    look: async (value, environment) => {
      await look(value(variable), environment);
      return '';
    },
  };
}

function postgres(variable: string): Check {
  return check(variable, (url) => at(publicUrl(url), connect(url)));
}

function connect(url: string): Promise<unknown> {
  return askPostgres({ connectionString: url }, (client) => client.query('SELECT 1'));
}

const LEDGER_CHECKS: readonly Check[] = [
  postgres('LEDGER_DATABASE_URL'),
  postgres('LEDGER_RUNNER_DATABASE_URL'),
];
/** Spark and storage: what everything needs that works on the lake. */
const LAKE_CHECKS: readonly Check[] = [
  check('SPARK_REST_URLS', (value, all) => requireMaster(listOf(value), all)),
  check('CHECKPOINT_BASE_DIR', (value, all) => at(value, requireWritable(value, all))),
  check('HQ_DATA_PATH', (value, all) => at(value, requireWritable(value, all))),
];
const AGGREGATION_CHECKS: readonly Check[] = [
  check('AGG_DATA_PATH', (value, all) => at(value, requireWritable(value, all))),
  check('DASHBOARD_DB_HOST', (host, all) =>
    at(
      host,
      askPostgres(
        {
          host,
          port: Number(all['DASHBOARD_DB_PORT']),
          database: all['DASHBOARD_DB_NAME'],
          user: all['DASHBOARD_DB_USERNAME'],
          password: all['DASHBOARD_DB_PASSWORD'],
        },
        (client) => client.query('SELECT 1'),
      ),
    ),
  ),
];

/** One leader among the masters is enough. */
async function requireMaster(urls: readonly string[], environment: DoctorEnvironment): Promise<void> {
  const secret = environment['SPARK_REST_SECRET'];
  const answers = await Promise.all(
    urls.map(async (url) => ({ url, status: await probeRest(url.replace(/\/$/, ''), secret) })),
  );
  if (answers.some(({ status }) => status === 200)) return;
  throw new Error(
    answers.map(({ url, status }) => `${url} ${MEANING[status] ?? `answers ${status}`}`).join('; '),
  );
}

const MEANING: Readonly<Record<number, string>> = {
  0: 'does not answer',
  403: 'refuses our token (SPARK_REST_SECRET)',
  503: 'is a standby',
};

/** Says where, as most clients only say why. */
async function at(where: string, look: Promise<unknown>): Promise<void> {
  try {
    await look;
  } catch (thrown) {
    throw new Error(`${where}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function textOf(environment: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]),
  );
}
