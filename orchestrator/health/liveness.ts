import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What `/healthz` answers. */
export interface Liveness {
  readonly status: 'ok';
  readonly uptimeSeconds: number;
  /** The longest that the event loop stood still since the last look but one, in milliseconds. */
  readonly eventLoopStoodMs: number;
}

const RESOLUTION_MS = 20;

/**
 * Whether the process lives. Whoever gets an answer knows: one whose event loop is stuck gives none, and the caller's own
 * time limit tells. It asks no service, for a process that is started again because the ledger is down only makes the ledger's
 * return harder.
 */
export class LivenessCheck {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #startedAt = performance.now();
  #before = 0;

  constructor() {
    this.#delays.enable();
  }

  look(): Liveness {
    const since = Math.max(0, this.#delays.max / 1e6 - RESOLUTION_MS);
    const worst = Math.max(since, this.#before);
    this.#before = since;
    this.#delays.reset();
    return {
      status: 'ok',
      uptimeSeconds: Math.round((performance.now() - this.#startedAt) / 1000),
      eventLoopStoodMs: Math.round(worst),
    };
  }

  close(): void {
    this.#delays.disable();
  }
}
