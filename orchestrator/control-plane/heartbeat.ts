import { processGone, processSeen } from '../ledger/processes.js';
import { repeat } from '../queue/repeat.js';
import type { Clients } from './clients.js';
import { loopingPart, type Part } from './part.js';

const EVERY_MS = 5_000;

/** Shows in the ledger that this process lives and what it does, for the page of the cluster. */
export function startHeartbeat({ database, owner, logger }: Clients, roles: readonly string[]): Part {
  const loop = loopingPart(
    (signal) => [
      repeat(
        'heartbeat',
        EVERY_MS,
        async () => {
          await processSeen(database, owner, roles);
          return false;
        },
        logger,
        signal,
      ),
    ],
    EVERY_MS,
  );
  return {
    async stop() {
      await loop.stop();
      await processGone(database, owner).catch(() => undefined);
    },
  };
}
