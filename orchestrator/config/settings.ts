import { LakeError } from '../errors.js';
import {
  readAggregationEnvironment,
  readIngestionEnvironment,
  type AggregationEnvironment,
  type IngestionEnvironment,
} from './environment.js';
import { faultCount, faultsOf } from './faults.js';
import { requireHashKey } from './hash-key.js';
import { loadLakeConfig, type LakeConfig } from './lake.js';

/** All that a person sets: variables and lake.yaml. */
export interface Settings<Environment = IngestionEnvironment> {
  readonly environment: Environment;
  readonly config: LakeConfig;
}

type Source = Readonly<Record<string, string | undefined>>;

/** Reads both, so that one look tells all that is to be mended. @throws LakeError CONFIG_INVALID with every fault */
export function readSettings(source: Source = process.env): Settings {
  return readBoth(readIngestionEnvironment, source);
}

/** The same for what computes aggregations. @throws LakeError CONFIG_INVALID with every fault */
export function readAggregationSettings(source: Source = process.env): Settings<AggregationEnvironment> {
  return readBoth(readAggregationEnvironment, source);
}

function readBoth<Environment extends { readonly TRANSFORM_HASH_KEY?: string | undefined }>(
  read: (source: Source) => Environment,
  source: Source,
): Settings<Environment> {
  const environment = attempt(() => read(source));
  const path = lakeConfigPath(source);
  const config = path === 'LAKE_CONFIG' ? undefined : attempt(() => loadLakeConfig(path));
  if (environment instanceof LakeError || config instanceof LakeError || config === undefined)
    throw together([environment, config].filter((each) => each instanceof LakeError));
  requireHashKey(environment, config);
  return { environment, config };
}

/** Path of lake.yaml; the variable's name when it is not set. */
export function lakeConfigPath(source: Readonly<Record<string, string | undefined>> = process.env): string {
  return source['LAKE_CONFIG'] === undefined || source['LAKE_CONFIG'] === ''
    ? 'LAKE_CONFIG'
    : source['LAKE_CONFIG'];
}

/** AGGREGATION_MODELS, for verbs that need nothing else; undefined: the product's own. */
export function modelsFolder(source: Source = process.env): string | undefined {
  return source['AGGREGATION_MODELS'] === '' ? undefined : source['AGGREGATION_MODELS'];
}

/** The ledger, where one is named: for verbs that can do without. */
export function ledgerToAsk(
  source: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const url = source['LEDGER_DATABASE_URL'] ?? '';
  return URL.canParse(url) ? url : undefined;
}

function attempt<T>(read: () => T): T | LakeError {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID') return thrown;
    throw thrown;
  }
}

function together(errors: readonly LakeError[]): LakeError {
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) return first;
  const faults = errors.flatMap(faultsOf);
  return new LakeError(
    'CONFIG_INVALID',
    `The environment and lake.yaml have ${faultCount(faults)}:\n  ${faults.join('\n  ')}`,
    { facts: { faults }, mend: errors.map((each) => each.mend).join(' ') },
  );
}

/** Whether this machine is set up for aggregations: the warehouse and where they are written. */
export function hasAggregationVariables(source: Source = process.env): boolean {
  return ['DASHBOARD_DB_HOST', 'AGG_DATA_PATH'].every((name) => (source[name] ?? '') !== '');
}
