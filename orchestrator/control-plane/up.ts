import type { AggregationContext } from '../aggregation/context.js';
import { loadModels } from '../aggregation/models/load-models.js';
import { openAggregationContext } from '../aggregation/open-context.js';
import { openApiParts, type ApiSettings } from '../api/open-parts.js';
import { startApi, type ApiPlace } from '../api/server.js';
import type {
  AggregationEnvironment,
  AlertEnvironment,
  ApiEnvironment,
  IngestionEnvironment,
} from '../config/environment.js';
import { dashboardUrl } from '../config/dashboard-url.js';
import type { LakeConfig } from '../config/lake.js';
import { secretsOf } from '../config/secrets.js';
import { LakeError } from '../errors.js';
import type { JobParts } from '../jobs/parts.js';
import type { Logger } from '../logger.js';
import { loadHooks } from '../transform/load-hooks.js';
import { TOPICS } from '../types.js';
import { startAlerts, type AlertSettings } from './alerts.js';
import { startRequests, startSchedule, type QueueSettings } from './aggregations.js';
import { openClients, type Clients } from './clients.js';
import { startHeartbeat } from './heartbeat.js';
import { openIngestion, startIngestionWorkers, startPollers, type Ingestion } from './ingestion.js';
import { startMaintenance, type MaintenanceSettings } from './maintenance.js';
import { together, type Part } from './part.js';
import { startReconciles } from './reconcile.js';

/** What a process may do; each also alone, and several of each side by side. */
export const PART_NAMES = [
  'poller',
  'workers',
  'schedule',
  'aggregation',
  'maintenance',
  'alerts',
  'api',
] as const;
export type PartName = (typeof PART_NAMES)[number];

/** What parts are made of. Each is opened by the first part that needs it, and closed with the process. */
export interface Opened {
  readonly clients: Clients;
  readonly jobs: JobParts;
  readonly queue: QueueSettings;
  /** Null: no variables of aggregations are set. */
  readonly aggregation: AggregationContext | null;
  readonly alerts: AlertSettings;
  readonly maintenance: MaintenanceSettings;
  /** @throws LakeError USAGE when the variables of ingestion are not set */
  ingestion(): Ingestion;
  /** @throws LakeError USAGE when the variables of ingestion are not set: the API looks at everything */
  api(): ApiSettings & ApiPlace;
}

type Starter = (opened: Opened) => Part | Promise<Part>;

/** A part more is a row here and a name above. */
const STARTERS: Readonly<Record<PartName, Starter>> = {
  poller: (opened) => startPollers(opened.ingestion(), opened.clients, TOPICS),
  workers: (opened) =>
    together([
      startIngestionWorkers(opened.ingestion(), opened.clients),
      startReconciles(opened.ingestion(), opened.clients),
    ]),
  schedule: (opened) => startSchedule(aggregationsOf(opened), opened.queue),
  aggregation: (opened) => startRequests(aggregationsOf(opened), opened.queue),
  maintenance: (opened) => startMaintenance(opened.clients, opened.maintenance),
  alerts: (opened) => startAlerts(opened.clients, opened.alerts),
  api: (opened) => startApiPart(opened),
};

export interface UpSettings {
  /** One of the two is there at least. */
  readonly ingestion: IngestionEnvironment | undefined;
  readonly aggregation: AggregationEnvironment | undefined;
  readonly redisUrl: string;
  readonly api: ApiEnvironment;
  readonly alerts: AlertEnvironment;
  readonly config: LakeConfig;
  readonly logger: Logger;
}

/** A process that is up. */
export interface Up extends Part {
  readonly opened: Opened;
}

/**
 * Opens what the parts share, once, and starts them in their order.
 * @throws LakeError when they don't fit together; nothing runs then
 */
export async function startUp(settings: UpSettings, names: readonly PartName[]): Promise<Up> {
  const environment = settings.ingestion ?? settings.aggregation;
  if (environment === undefined) throw new LakeError('INTERNAL', 'no environment was read');
  if (settings.ingestion !== undefined) await loadHooks(settings.config);
  const clients = await openClients(environment, settings.config, settings.logger);
  const closers: (() => Promise<void>)[] = [() => clients.close()];
  const parts: Part[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.stop()));
    for (const close of closers.reverse()) await close();
  };
  try {
    const opened = await open(settings, environment, clients, closers);
    for (const name of PART_NAMES) if (names.includes(name)) parts.push(await STARTERS[name](opened));
    parts.push(startHeartbeat(clients, names));
    return { opened, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function open(
  { ingestion, aggregation, redisUrl, api, alerts, config, logger }: UpSettings,
  environment: IngestionEnvironment | AggregationEnvironment,
  clients: Clients,
  closers: (() => Promise<void>)[],
): Promise<Opened> {
  const context =
    aggregation === undefined ? null : await openAggregationContext(aggregation, config, logger, clients);
  if (context !== null) closers.push(() => context.close());
  const { database, checkpoint, spark, workerLogs } = clients;
  const secrets = secretsOf(ingestion ?? {}, aggregation ?? {}, alerts);
  let pipeline: Ingestion | undefined;
  return {
    clients,
    aggregation: context,
    alerts: { ...environment, ...alerts, AGG_DATA_PATH: aggregation?.AGG_DATA_PATH },
    maintenance: { environment, aggregatesUrl: aggregation?.AGG_DATA_PATH },
    jobs: { database, checkpoint, spark, workerLogs, aggregation: context, secrets, logger },
    queue: {
      redisUrl,
      lakeUuid: clients.lakeUuid,
      lockSeconds: database.leaseSeconds,
    },
    api() {
      if (ingestion === undefined) throw new LakeError('USAGE', 'The variables of ingestion are not set');
      const { API_HOST: host, API_PORT: port } = api;
      return {
        ...{ host, port, environment: ingestion, aggregation: context, secrets },
        models: context?.models ?? loadModels(ingestion.AGGREGATION_MODELS),
        aggregatesUrl: aggregation?.AGG_DATA_PATH,
        webhook: alerts.ALERT_WEBHOOK_URL,
        dashboardUrl: dashboardUrl(api),
      };
    },
    ingestion() {
      if (pipeline !== undefined) return pipeline;
      if (ingestion === undefined) throw new LakeError('USAGE', 'The variables of ingestion are not set');
      const opened = openIngestion(clients, ingestion);
      closers.push(() => opened.close());
      pipeline = opened;
      return opened;
    },
  };
}

function aggregationsOf({ aggregation }: Opened): AggregationContext {
  if (aggregation !== null) return aggregation;
  throw new LakeError('USAGE', 'The variables of aggregations are not set', {
    mend: 'Set DASHBOARD_DB_* and AGG_DATA_PATH, or leave schedule and aggregation out (--only).',
  });
}

/** The API goes on answering while the others finish their work; its clients are closed with it. */
async function startApiPart(opened: Opened): Promise<Part> {
  const settings = opened.api();
  const parts = openApiParts(opened.clients, settings);
  try {
    const server = await startApi(parts, settings);
    return {
      async stop() {
        await server.close();
        await parts.close();
      },
    };
  } catch (thrown) {
    await parts.close();
    throw thrown;
  }
}
