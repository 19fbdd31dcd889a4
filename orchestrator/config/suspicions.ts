import type { IngestionEnvironment } from './environment.js';
import type { DomainConfig, LakeConfig } from './lake.js';

/** What may be meant so but seldom is; `config check` tells it, nothing is refused for it. */
export function suspicionsOfLake(config: LakeConfig): string[] {
  const domains = Object.entries(config.domains);
  if (domains.length === 0) return ['domains: there is none, so nothing will be kept'];
  return domains.flatMap(([name, domain]) =>
    suspicionsOfDomain(domain).map((told) => `domains > ${name}: ${told}`),
  );
}

function suspicionsOfDomain(domain: DomainConfig): string[] {
  const { cases, forms, locations, location_levels: levels, record_location: places } = domain;
  const told: string[] = [];
  const say = (so: boolean, what: string): void => {
    if (so) told.push(what);
  };
  const types = [...Object.keys(cases), ...Object.keys(forms)];
  say(types.length === 0 && !locations, 'no cases, no forms and no locations: nothing of it is kept');
  say(
    locations && levels.length === 0,
    'locations are kept but location_levels is empty: rows get no level columns',
  );
  say(
    types.length > 0 && levels.length > 0 && places.length === 0,
    'record_location is empty: no record gets a place',
  );
  say(new Set(levels).size < levels.length, 'location_levels names a level twice');
  for (const [kind, listed] of Object.entries({ cases, forms })) {
    const others = Object.entries(listed).filter(
      ([type, options]) => type !== '*' && options?.name === undefined,
    );
    say(
      '*' in listed && others.length > 0,
      `${kind}: '*' takes every type; "${others[0]?.[0] ?? ''}" beside it says nothing`,
    );
  }
  for (const xmlns of Object.keys(forms)) {
    say(
      xmlns !== '*' && !/^[a-z][a-z0-9+.-]*:/i.test(xmlns),
      `forms: "${xmlns}" is no xmlns (http://openrosa.org/formdesigner/…)`,
    );
  }
  for (const [type, options] of [...Object.entries(cases), ...Object.entries(forms)]) {
    const { name } = options ?? {};
    say(
      name !== undefined && !/^[A-Za-z0-9_-]{1,100}$/.test(name),
      `"${type}": the name "${name ?? ''}" can't be a table's as it is; letters, digits, _ and - can`,
    );
  }
  return told;
}

/** The same for variables; none of their values is told but sizes. */
export function suspicionsOfEnvironment(environment: IngestionEnvironment): string[] {
  const told: string[] = [];
  const say = (so: boolean, what: string): void => {
    if (so) told.push(what);
  };
  const {
    LEDGER_DATABASE_URL: ledger,
    LEDGER_RUNNER_DATABASE_URL: runner,
    HQ_DATABASE_URL: hq,
    HQ_DATA_PATH: lake,
    CHECKPOINT_BASE_DIR: checkpoint,
  } = environment;
  say(
    databaseOf(ledger) === databaseOf(hq),
    "LEDGER_DATABASE_URL: is HQ's own database; the ledger wants one of its own",
  );
  say(
    databaseOf(ledger) !== databaseOf(runner),
    'LEDGER_RUNNER_DATABASE_URL: is another database than LEDGER_DATABASE_URL',
  );
  say(
    new URL(ledger).username === new URL(runner).username,
    'LEDGER_RUNNER_DATABASE_URL: is the owner of the ledger; drivers want a login without rights',
  );
  say(
    isWithin(checkpoint, lake) || isWithin(lake, checkpoint),
    'CHECKPOINT_BASE_DIR and HQ_DATA_PATH: one lies in the other',
  );
  say(
    lake.startsWith('s3') !== checkpoint.startsWith('s3'),
    'HQ_DATA_PATH and CHECKPOINT_BASE_DIR: one is on S3, the other is not',
  );
  say(
    environment.SPARK_REST_SECRET === undefined,
    'SPARK_REST_SECRET: not set; whoever reaches the REST port can run code on the cluster',
  );
  say(
    environment.MAX_RECORDS_TO_PROCESS < 100,
    'MAX_RECORDS_TO_PROCESS: so few messages a batch make many small commits',
  );
  say(
    environment.MAX_RECORDS_TO_PROCESS > 500_000,
    'MAX_RECORDS_TO_PROCESS: so large a batch keeps its ids in memory and is repeated whole',
  );
  say(
    environment.STAGING_KEEP_DAYS < 1,
    'STAGING_KEEP_DAYS: under a day, what a batch read is gone before a person looks',
  );
  say(
    memoryMb(environment.SPARK_DRIVER_MEMORY) < 512,
    'SPARK_DRIVER_MEMORY: under 512m a driver may run out of memory',
  );
  say(
    lake.startsWith('s3') &&
      environment.S3_ENDPOINT === undefined &&
      environment.AWS_ACCESS_KEY_ID === undefined,
    'AWS_ACCESS_KEY_ID: not set; S3 is reached only where the machine itself has a role',
  );
  return told;
}

function databaseOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function isWithin(inner: string, outer: string): boolean {
  return inner.replace(/\/*$/, '/').startsWith(outer.replace(/\/*$/, '/'));
}

function memoryMb(amount: string): number {
  return Number.parseInt(amount) * (/g$/i.test(amount) ? 1024 : 1);
}
