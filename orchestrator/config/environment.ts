import { z } from 'zod';
import { LakeError } from '../errors.js';
import { LOG_FORMATS, LOG_LEVELS } from '../logger.js';
import { didYouMean } from './did-you-mean.js';
import { faultCount } from './faults.js';
import { isTimeZone } from './time-zone.js';

/**
 * The environment, read once to a readonly value; this is the only file that reads `process.env` for settings.
 * Names are the original system's (design section 11) plus ours. Every fault is listed at once. Which variables a
 * command needs differs, so each group is its own reader; README.md lists them all.
 */
type Source = Readonly<Record<string, string | undefined>>;

const port = z.coerce
  .number('must be a port number')
  .int('must be a port number')
  .min(1, 'must be a port number')
  .max(65535, 'must be a port number, up to 65535');
const nonEmpty = z.string().trim().min(1);
const storageUrl = nonEmpty.regex(
  /^(file:\/\/\/|s3a?:\/\/[^/]+)/,
  'must start with file:/// or s3a://<bucket>',
);
const postgresUrl = url(
  /^postgres(ql)?:\/\/[^/]/,
  'must be a URL postgresql://login:password@host:port/database',
);
/** Both what it looks like and that it can be taken apart: a password with `#` or `/` unescaped can not. */
function url(form: RegExp, message: string): z.ZodType<string, string> {
  return nonEmpty
    .regex(form, { message, abort: true })
    .refine((text) => URL.canParse(text), `${message}; a password's special characters are written %XX`);
}

/** HQ's users database is named after the main one: `commcarehq__users`. */
const USERS_IN_COUCH = /^couchdb\+https?:\/\/[^/]+\/[^/?#]+/;
const USERS_FORM =
  'must be usercase, none, or a URL couchdb+http://login:password@host:port/database (or couchdb+https://…)';

const list = nonEmpty.transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const KAFKA = { KAFKA_BOOTSTRAP_SERVER_HOST: nonEmpty, KAFKA_BOOTSTRAP_SERVER_PORT: port };
const LEDGER = { LEDGER_DATABASE_URL: postgresUrl, LEDGER_RUNNER_DATABASE_URL: postgresUrl };
const STORAGE = {
  CHECKPOINT_BASE_DIR: storageUrl,
  HQ_DATA_PATH: storageUrl,
  S3_ENDPOINT: z.url().optional(),
  AWS_ACCESS_KEY_ID: nonEmpty.optional(),
  AWS_SECRET_ACCESS_KEY: nonEmpty.optional(),
  AWS_SESSION_TOKEN: nonEmpty.optional(),
  AWS_REGION: nonEmpty.default('us-east-1'),
};
const HQ = {
  HQ_DATABASE_URL: postgresUrl,
  HQ_SHARD_DATABASE_URLS: list.pipe(z.array(postgresUrl).min(1)).optional(),
  HQ_BLOB_STORE: nonEmpty.regex(/^(file:\/\/\/|s3:\/\/[^/]+)/, 'must be file:///dir or s3://bucket'),
  HQ_BLOB_ENDPOINT: z.url().optional(),
  HQ_BLOB_ACCESS_KEY_ID: nonEmpty.optional(),
  HQ_BLOB_SECRET_ACCESS_KEY: nonEmpty.optional(),
  HQ_BLOB_REGION: nonEmpty.optional(),
  HQ_USERS: z
    .union([z.enum(['usercase', 'none']), url(USERS_IN_COUCH, USERS_FORM)], { error: USERS_FORM })
    .default('usercase'),
};
const SPARK = {
  SPARK_MASTER_URL: nonEmpty.regex(
    /^spark:\/\/[^/,]+:\d+(,[^/,]+:\d+)*$/,
    'must be spark://host:port[,host:port]',
  ),
  SPARK_REST_URLS: list.pipe(
    z.array(url(/^https?:\/\/[^/]/, 'must be http://host:6066, of each master, comma separated')).min(1),
  ),
  SPARK_REST_SECRET: nonEmpty.optional(),
  /** Web pages of all masters: they tell on which worker a driver's log lies, and how full the cluster is. */
  SPARK_MASTER_UI_URL: list
    .pipe(
      z.array(url(/^https?:\/\/[^/]/, 'must be http://host:8080, of each master, comma separated')).min(1),
    )
    .optional(),
  SPARK_DRIVER_CLASSPATH: nonEmpty,
  SPARK_CLASS_ARCHIVE: nonEmpty.optional(),
  SPARK_DRIVER_MEMORY: nonEmpty
    .regex(/^[1-9]\d*[mg]$/i, 'must be an amount such as 1g or 768m')
    .default('1g'),
  /** More staged rows than this go to executors (`spark://`); fewer are merged inside the driver (`local[N]`). */
  SPARK_LOCAL_MAX_ROWS: z.coerce.number().int().min(0).default(200_000),
  SPARK_LOCAL_CORES: z.coerce.number().int().min(1).default(2),
  /** A driver that has done its run goes on claiming runs until it was idle for so long; 0: a driver per run. */
  SPARK_WARM_SECONDS: z.coerce.number().int().min(0).default(30),
  /** Fault point for drivers (tests); see spark-jobs/runner. */
  SPARK_DRIVER_FAULT: nonEmpty.optional(),
};
const QUEUE = { REDIS_URL: url(/^rediss?:\/\//, 'must be a URL redis://host:port') };
const LOG = {
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  LOG_FORMAT: z.enum(LOG_FORMATS).default('plain'),
};
const WORK = {
  LAKE_CONFIG: nonEmpty,
  MAX_RECORDS_TO_PROCESS: z.coerce.number().int().min(1).max(10_000_000).default(50_000),
  /** Columns of a table's free part: what comes beyond them goes to `_overflow`. A MERGE plans for each of them. */
  MAX_TABLE_COLUMNS: z.coerce.number().int().min(1).max(20_000).default(2_000),
  /** A driver whose heartbeat is older than this is taken for lost: its run is voided, its lanes submitted again. */
  RUN_LEASE_SECONDS: z.coerce.number().int().min(5).default(60),
  /** What a killed or stalled process was at is taken over after so long. */
  LEASE_SECONDS: z.coerce.number().int().min(3).max(600).default(15),
  POLL_SECONDS: z.coerce.number().min(0.1).default(2),
  /** HQ announces an edited location type nowhere: its types are looked at so often. */
  LOCATION_TYPE_POLL_SECONDS: z.coerce.number().min(1).default(300),
  /** Staged files are deleted this many days after their batch was committed. */
  STAGING_KEEP_DAYS: z.coerce.number().min(0).default(7),
};

const TIME = '([01]\\d|2[0-3]):[0-5]\\d';
/** OPTIMIZE and VACUUM of the lake's tables. */
const MAINTENANCE = {
  /** When it begins work by itself; what a person asks for begins at once. */
  MAINTENANCE_WINDOW: nonEmpty
    .regex(
      new RegExp(`^(always|never|${TIME}-${TIME})$`),
      'must be two times such as 01:00-05:00, always or never',
    )
    .default('01:00-05:00'),
  MAINTENANCE_TIME_ZONE: nonEmpty
    .refine(isTimeZone, 'must be an IANA time zone such as Asia/Kolkata')
    .default('UTC'),
};

/** The Postgres that dashboards read, and how loads treat its readers. */
const WAREHOUSE = {
  DASHBOARD_DB_HOST: nonEmpty,
  DASHBOARD_DB_PORT: port,
  DASHBOARD_DB_NAME: nonEmpty,
  DASHBOARD_DB_USERNAME: nonEmpty,
  DASHBOARD_DB_PASSWORD: z.string().optional(),
  /** A swap waits for readers no longer than this; whoever asks after it waits for the swap. */
  WAREHOUSE_LOCK_SECONDS: z.coerce.number().min(0.05).max(60).default(2),
  /** Then it lets them pass and tries again, so many times in all. */
  WAREHOUSE_LOCK_ATTEMPTS: z.coerce.number().int().min(1).max(100).default(6),
  /** How long a swap waits for transactions that are older than its rows. */
  WAREHOUSE_READER_SECONDS: z.coerce.number().min(0).max(3600).default(5),
  /** Connections by which Spark writes one load. */
  WAREHOUSE_CONNECTIONS: z.coerce.number().int().min(1).max(64).default(4),
};

/** A folder of models instead of spark-jobs/models; ingestion reads them too, for the columns that they need. */
const MODELS = { AGGREGATION_MODELS: nonEmpty.optional() };
const AGGREGATION = {
  ...MODELS,
  ...WAREHOUSE,
  AGG_DATA_PATH: storageUrl,
  /** An aggregation whose sources are larger gets executors (`spark://`); others are computed inside the driver. */
  AGGREGATION_LOCAL_MAX_MB: z.coerce.number().int().min(0).default(512),
  /** Months of aggregations that one command or schedule computes at once. */
  AGGREGATION_PARALLELISM: z.coerce.number().int().min(1).max(64).default(2),
};

/** The key of masks `with: hash`; only a lake.yaml that has such asks for it (config/hash-key.ts). */
const TRANSFORMS = {
  TRANSFORM_HASH_KEY: z.string().min(32, 'must have 32 characters or more').optional(),
};

/** Where the API and the dashboard are served: by this machine only, unless told otherwise. */
const API = {
  API_HOST: nonEmpty.default('127.0.0.1'),
  API_PORT: z.coerce
    .number('must be a port number')
    .int('must be a port number')
    .min(0, 'must be a port number, or 0 for any')
    .max(65535, 'must be a port number, up to 65535')
    .default(8080),
};
/** Who is told when something needs a person. The URL may hold a secret: it stands in no log, answer or fault. */
const ALERTS = {
  ALERT_WEBHOOK_URL: url(/^https?:\/\/[^/]/, 'must be a URL https://host/path').optional(),
};

const INGESTION = z.object({
  ...MODELS,
  ...KAFKA,
  ...LEDGER,
  ...STORAGE,
  ...HQ,
  ...SPARK,
  ...QUEUE,
  ...WORK,
  ...MAINTENANCE,
  ...TRANSFORMS,
  ...LOG,
});
const AGGREGATIONS = z.object({
  ...LEDGER,
  ...STORAGE,
  ...SPARK,
  ...WORK,
  ...MAINTENANCE,
  ...TRANSFORMS,
  ...LOG,
  ...AGGREGATION,
});
const SCHEDULE_ONLY = z.object(QUEUE);
const WAREHOUSE_ONLY = z.object(WAREHOUSE);
const API_ONLY = z.object(API);
const ALERTS_ONLY = z.object({ ...API, ...ALERTS });
const LEDGER_ONLY = z.object({ ...MODELS, ...LEDGER, ...STORAGE, ...TRANSFORMS, LAKE_CONFIG: nonEmpty });

/** Every variable of ours, required or not; README.md lists them and a test compares. */
export const VARIABLES: readonly string[] = [
  ...new Set([INGESTION, AGGREGATIONS, ALERTS_ONLY].flatMap((each) => Object.keys(each.shape))),
];

export type IngestionEnvironment = Readonly<z.infer<typeof INGESTION>>;
export type AggregationEnvironment = Readonly<z.infer<typeof AGGREGATIONS>>;
export type WarehouseEnvironment = Readonly<z.infer<typeof WAREHOUSE_ONLY>>;
export type ApiEnvironment = Readonly<z.infer<typeof API_ONLY>>;
export type AlertEnvironment = Readonly<z.infer<typeof ALERTS_ONLY>>;
export type LedgerEnvironment = Readonly<z.infer<typeof LEDGER_ONLY>>;
export type StorageEnvironment = Readonly<
  Pick<
    IngestionEnvironment,
    'S3_ENDPOINT' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN' | 'AWS_REGION'
  >
>;
export type BlobEnvironment = StorageEnvironment &
  Pick<
    IngestionEnvironment,
    'HQ_BLOB_ENDPOINT' | 'HQ_BLOB_ACCESS_KEY_ID' | 'HQ_BLOB_SECRET_ACCESS_KEY' | 'HQ_BLOB_REGION'
  >;

/** How HQ's blob store is reached when it is on S3: as the lake's, but for what is said of its own. */
export function blobStorageEnvironment(environment: BlobEnvironment): StorageEnvironment {
  const { HQ_BLOB_ENDPOINT, HQ_BLOB_REGION, HQ_BLOB_ACCESS_KEY_ID, HQ_BLOB_SECRET_ACCESS_KEY } = environment;
  const ownKeys = {
    AWS_ACCESS_KEY_ID: HQ_BLOB_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: HQ_BLOB_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN: undefined,
  };
  return {
    ...environment,
    ...(HQ_BLOB_ACCESS_KEY_ID === undefined ? {} : ownKeys),
    S3_ENDPOINT: HQ_BLOB_ENDPOINT ?? environment.S3_ENDPOINT,
    AWS_REGION: HQ_BLOB_REGION ?? environment.AWS_REGION,
  };
}

/** What a process that ingests needs. @throws LakeError CONFIG_INVALID naming every fault */
export function readIngestionEnvironment(source: Source = process.env): IngestionEnvironment {
  return parse(INGESTION, source);
}

/** What a process that runs schedules needs beside that. @throws LakeError CONFIG_INVALID */
export function readScheduleEnvironment(
  source: Source = process.env,
): Readonly<z.infer<typeof SCHEDULE_ONLY>> {
  return parse(SCHEDULE_ONLY, source);
}

/** What a process that computes aggregations needs beside. @throws LakeError CONFIG_INVALID naming every fault */
export function readAggregationEnvironment(source: Source = process.env): AggregationEnvironment {
  return parse(AGGREGATIONS, source);
}

/** What reaches the warehouse. @throws LakeError CONFIG_INVALID */
export function readWarehouseEnvironment(source: Source = process.env): WarehouseEnvironment {
  return parse(WAREHOUSE_ONLY, source);
}

/** Where API and dashboard are served. @throws LakeError CONFIG_INVALID */
export function readApiEnvironment(source: Source = process.env): ApiEnvironment {
  return parse(API_ONLY, source);
}

/** Who is told of alerts, and where the dashboard is that they point at. @throws LakeError CONFIG_INVALID */
export function readAlertEnvironment(source: Source = process.env): AlertEnvironment {
  return parse(ALERTS_ONLY, source);
}

/** What a command that only looks into the ledger and the lake needs. @throws LakeError CONFIG_INVALID */
export function readLedgerEnvironment(source: Source = process.env): LedgerEnvironment {
  return parse(LEDGER_ONLY, source);
}

/** Standard error is our log, one JSON object per line; Amazon's client would write there of Node versions to come. */
export function silenceAwsClient(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
}

function parse<T extends z.ZodObject>(schema: T, source: Source): z.infer<T> {
  // An empty variable is an unset one: `export X=` in a shell file must not pass for a value.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => describe(issue, given));
  throw new LakeError(
    'CONFIG_INVALID',
    `The environment has ${faultCount(faults)}:\n  ${faults.join('\n  ')}`,
    {
      facts: { faults },
      mend: "Set each variable named. The embedded stack's stand in <dir>/env.sh (source it); `dimagi-lake hq-sim init` adds HQ's.",
    },
  );
}

/** One fault as a line. The value is not shown: it may be a secret. */
function describe(issue: z.core.$ZodIssue, given: Source): string {
  const [variable = '', at] = issue.path.map(String);
  if (given[variable] !== undefined)
    return `${variable}: ${at === undefined ? '' : `its part ${Number(at) + 1} `}${issue.message}`;
  const strangers = Object.keys(given).filter((name) => !VARIABLES.includes(name));
  const near = didYouMean(variable, strangers);
  return `${variable}: is not set${near === undefined ? '' : ` (${near} is: did you mean that one?)`}`;
}
