import type { AlertKind } from './alerts.js';
import type { Queryable } from './database.js';
import { iso } from './moment.js';

/** Something the webhook is to be told: an alert began (`open`) or is over (`closed`). */
export interface Delivery {
  readonly alertId: bigint;
  readonly state: 'open' | 'closed';
  readonly kind: AlertKind;
  readonly subject: string;
  readonly text: string;
  readonly since: string;
  readonly attempts: number;
}

/**
 * Writes down what is to be told of all alerts: that one stands, and that one is over which was to be told. It follows from
 * the alerts alone, so it can be done again at any time, and nothing is lost with a process.
 */
export async function planDeliveries(tx: Queryable): Promise<void> {
  await tx.query(
    `INSERT INTO alert_delivery (alert_id, state) SELECT id, 'open' FROM alert WHERE ended_at IS NULL AND NOT pending
     ON CONFLICT DO NOTHING`,
  );
  await tx.query(
    `INSERT INTO alert_delivery (alert_id, state)
     SELECT a.id, 'closed' FROM alert a JOIN alert_delivery d ON d.alert_id = a.id AND d.state = 'open'
     WHERE a.ended_at > now() - make_interval(days => $1) ON CONFLICT DO NOTHING`,
    [GIVEN_UP_DAYS],
  );
}

/** News older than this would only be a storm when a webhook comes back after a long time. */
const GIVEN_UP_DAYS = 3;

/** What may be told now, in the order it happened; that an alert is over only after that it began. */
export async function dueDeliveries(database: Queryable, limit = 20): Promise<Delivery[]> {
  return database.query<Delivery & Record<string, unknown>>(
    `SELECT d.alert_id AS "alertId", d.state, a.kind, a.subject, a.text, d.attempts,
       ${iso('a.since')} AS since
     FROM alert_delivery d JOIN alert a ON a.id = d.alert_id
     WHERE d.delivered_at IS NULL AND d.next_attempt_at <= now() AND d.created_at > now() - make_interval(days => $2)
       AND (d.state = 'open' OR NOT EXISTS (
         SELECT 1 FROM alert_delivery o WHERE o.alert_id = d.alert_id AND o.state = 'open' AND o.delivered_at IS NULL))
     ORDER BY d.created_at, d.alert_id, d.state DESC LIMIT $1`,
    [limit, GIVEN_UP_DAYS],
  );
}

export async function deliveryDone(
  database: Queryable,
  { alertId, state }: Pick<Delivery, 'alertId' | 'state'>,
): Promise<void> {
  await database.query(
    `UPDATE alert_delivery SET delivered_at = now(), attempts = attempts + 1, error = NULL
     WHERE alert_id = $1 AND state = $2`,
    [alertId, state],
  );
}

/** Puts a failed attempt down; the next may come after 5 s, doubling, at most ten minutes. */
export async function deliveryFailed(
  database: Queryable,
  { alertId, state }: Pick<Delivery, 'alertId' | 'state'>,
  error: string,
): Promise<void> {
  await database.query(
    `UPDATE alert_delivery SET attempts = attempts + 1, error = $3,
       next_attempt_at = now() + make_interval(secs => least(600, 5 * power(2, least(attempts, 10))))
     WHERE alert_id = $1 AND state = $2`,
    [alertId, state, error],
  );
}
