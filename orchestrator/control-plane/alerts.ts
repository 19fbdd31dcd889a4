import { runAlerts } from '../alerts/run-alerts.js';
import { dashboardUrl } from '../alerts/webhook.js';
import type { AlertEnvironment } from '../config/environment.js';
import { createKafka } from '../kafka/client.js';
import { KafkaLag } from '../kafka/lag-reader.js';
import type { Clients } from './clients.js';
import { loopingPart, type Part } from './part.js';

/** A look takes seconds, a webhook that hangs five; then the process may go, for what is to be told stands in the ledger. */
const LOOKS_MAY_TAKE_MS = 10_000;

export interface AlertSettings extends AlertEnvironment {
  readonly KAFKA_BOOTSTRAP_SERVER_HOST?: string | undefined;
  readonly KAFKA_BOOTSTRAP_SERVER_PORT?: number | undefined;
  readonly HQ_DATA_PATH: string;
  readonly CHECKPOINT_BASE_DIR: string;
  readonly AGG_DATA_PATH?: string | undefined;
}

/**
 * Looks after the alerts. Of all processes one leads, by a ledger lease; without Kafka's variables the one that leads has no
 * eye on lag, so give them to every process that has this part.
 */
export function startAlerts({ database, owner, logger }: Clients, settings: AlertSettings): Part {
  const { KAFKA_BOOTSTRAP_SERVER_HOST: host, KAFKA_BOOTSTRAP_SERVER_PORT: port } = settings;
  const kafka =
    host === undefined || port === undefined ? undefined : new KafkaLag(createKafka(host, port, logger));
  const { HQ_DATA_PATH, CHECKPOINT_BASE_DIR, AGG_DATA_PATH } = settings;
  const looks = loopingPart(
    (signal) => [
      runAlerts(
        {
          ...{ database, owner, logger, kafka },
          folders: {
            HQ_DATA_PATH,
            CHECKPOINT_BASE_DIR,
            ...(AGG_DATA_PATH === undefined ? {} : { AGG_DATA_PATH }),
          },
          webhook: settings.ALERT_WEBHOOK_URL,
          dashboard: dashboardUrl(settings),
        },
        signal,
      ),
    ],
    LOOKS_MAY_TAKE_MS,
  );
  return {
    async stop() {
      await looks.stop();
      await kafka?.close();
    },
  };
}
