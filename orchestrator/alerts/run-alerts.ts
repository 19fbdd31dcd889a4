import { deliveryDone, deliveryFailed, dueDeliveries, planDeliveries } from '../ledger/alert-deliveries.js';
import { readAlertRules, settleAlerts, type Patience } from '../ledger/alerts.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { withLeases, type Lease } from '../ledger/leases.js';
import type { Logger } from '../logger.js';
import { repeat } from '../queue/repeat.js';
import { findProblems, lookedAt } from './problems.js';
import { readFacts, type FactSources } from './read-facts.js';
import { messageOf, postAlert } from './webhook.js';

const LOOK_MS = 10_000;
/** What passes within a minute wakes nobody; what comes back within a minute was not over. */
const PATIENCE: Patience = { holdSeconds: 60, quietSeconds: 60 };

export interface AlertParts extends FactSources {
  readonly database: LedgerDatabase;
  /** This process, in leases. */
  readonly owner: string;
  readonly logger: Logger;
  /** Where alerts are posted; undefined: they stand in the ledger and on the dashboard only. */
  readonly webhook: string | undefined;
  /** URL of the dashboard's home, without a slash at its end. */
  readonly dashboard: string;
  readonly patience?: Patience;
  /** Between two looks; ten seconds unless told. */
  readonly everyMs?: number;
}

/**
 * Looks after the alerts until the signal aborts. Of all processes one does, by a ledger lease; what stands and what has
 * been told is in the ledger, so another goes on where it was.
 */
export async function runAlerts(parts: AlertParts, signal: AbortSignal): Promise<void> {
  const { database, owner, logger, everyMs = LOOK_MS } = parts;
  const lead = async (lease: Lease, leading: AbortSignal): Promise<void> => {
    await repeat(
      'alerts',
      everyMs,
      async () => {
        await lookOnce(parts, lease);
        await deliverDue(parts, leading);
        return false;
      },
      logger,
      leading,
    );
  };
  await repeat(
    'alerts',
    everyMs,
    async () => {
      await withLeases(database, ['alerts'], owner, async ([lease], lost) => {
        if (lease !== undefined) await lead(lease, AbortSignal.any([signal, lost]));
      });
      return false;
    },
    logger,
    signal,
  );
}

/** One look: what is seen is compared with what stands. @throws LakeError LEASE_LOST, LEDGER_FAILED */
export async function lookOnce(parts: AlertParts, lease: Lease): Promise<void> {
  const facts = await readFacts(parts);
  const problems = findProblems(facts, await readAlertRules(parts.database));
  const { began, ended } = await parts.database.transaction(async (tx) => {
    const settled = await settleAlerts(
      tx,
      lease,
      { problems, looked: lookedAt(facts) },
      parts.patience ?? PATIENCE,
    );
    if (parts.webhook !== undefined) await planDeliveries(tx);
    return settled;
  });
  for (const alert of began) parts.logger.warn('alert', { alert });
  for (const alert of ended) parts.logger.info('alert is over', { alert });
}

/**
 * Tells the webhook what it has not been told. After a failure the others wait for the next turn: a webhook that does not
 * answer must not hold the next look up for long.
 */
export async function deliverDue(parts: AlertParts, signal?: AbortSignal): Promise<void> {
  const { database, webhook, logger } = parts;
  if (webhook === undefined) return;
  for (const delivery of await dueDeliveries(database)) {
    const answer = await postAlert(webhook, messageOf(delivery, parts.dashboard), signal);
    if (signal?.aborted === true) return;
    if (answer.delivered) {
      await deliveryDone(database, delivery);
      continue;
    }
    await deliveryFailed(database, delivery, answer.reason);
    logger.warn('alert not delivered, to be tried again', {
      alert: `${delivery.kind} ${delivery.subject}`,
      attempts: delivery.attempts + 1,
      reason: answer.reason,
    });
    return;
  }
}

/** What a test call found. */
export interface AlertTest {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly message: string;
}

/** Posts a message that is marked as a test; nothing is written down. */
export async function testAlert({
  webhook,
  dashboard,
}: Pick<AlertParts, 'webhook' | 'dashboard'>): Promise<AlertTest> {
  if (webhook === undefined)
    return { delivered: false, status: null, message: 'No webhook: set ALERT_WEBHOOK_URL and start again.' };
  const since = new Date().toISOString();
  const { delivered, status, reason } = await postAlert(webhook, {
    id: `test-${since}`,
    text: 'Dimagi Lake: this is a test, nothing is wrong',
    kind: 'test',
    subject: 'test',
    since,
    state: 'test',
    link: `${dashboard}/alerts`,
  });
  const message = delivered
    ? `The webhook took it (${reason}).`
    : `The webhook did not take it: ${reason}. Check ALERT_WEBHOOK_URL and that this machine reaches it.`;
  return { delivered, status, message };
}
