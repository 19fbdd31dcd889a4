import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** The kinds of news that triggers tell (migrations/0015_changes.sql). */
export type ChangeKind = 'jobs' | 'topics' | 'tables' | 'months' | 'pauses' | 'alerts';

const CHANNEL = 'dimagi_lake_change';
const AGAIN_MS = 2_000;

/**
 * Listens to the ledger on a connection of its own until the signal. A connection that breaks is made anew, and `missed` says that
 * anything may have changed meanwhile. The URL must lead to Postgres itself or a pooler that keeps sessions.
 */
export async function listenToChanges(
  url: string,
  signal: AbortSignal,
  told: (kind: ChangeKind) => void,
  missed: () => void,
): Promise<void> {
  while (!signal.aborted) {
    const client = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 10_000 });
    const broken = new Promise<void>((resolve) => {
      client.on('error', () => {
        resolve();
      });
      client.on('end', resolve);
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    client.on('notification', ({ payload }) => {
      told(payload as ChangeKind);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      missed();
      await broken;
    } catch {
      // The next attempt tells; the API's own requests say that the ledger is away.
    }
    await client.end().catch(() => undefined);
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
