import { asLakeError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { inTime } from './in-time.js';

/** One service that is asked. */
export interface Probe {
  readonly name: string;
  /** Without it this process can do and answer nothing. */
  readonly isRequired: boolean;
  readonly mend: string;
  /** Settles when the service has answered; what it says does not matter. */
  ask(): Promise<unknown>;
}

export interface ServiceState {
  readonly name: string;
  readonly state: 'up' | 'down';
  readonly isRequired: boolean;
  readonly milliseconds: number;
  /** A code of orchestrator/errors.md, never a message: whoever may ask for readiness has shown no token. */
  readonly code: string | null;
  readonly mend: string | null;
}

/** What `/readyz` answers: 200 for `ready` and `degraded`, 503 for `unready`. */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly services: readonly ServiceState[];
}

const LIMIT_MS = 2_000;
/** Many may ask (a load balancer, a person, a script); the services are asked once for all of them. */
const KEPT_MS = 1_000;

/**
 * Asks every service at once, each for two seconds at most. Only the ledger is required: without it nothing can be answered
 * rightly. While Redis, Kafka, Spark or HQ is away what waits for it waits, all else goes on, and the dashboard is wanted
 * most: a load balancer must not take it away just then. (A process that is configured wrongly never gets so far: at its
 * start it asks every service and ends.)
 */
export class ReadinessCheck {
  readonly #probes: readonly { readonly probe: Probe; asked: Promise<unknown> | undefined }[];
  #known: { readonly at: number; readonly value: Promise<Readiness> } | undefined;

  constructor(probes: readonly Probe[]) {
    this.#probes = probes.map((probe) => ({ probe, asked: undefined }));
  }

  /** It never throws. */
  look(): Promise<Readiness> {
    if (this.#known !== undefined && Date.now() - this.#known.at < KEPT_MS) return this.#known.value;
    const value = this.#look();
    this.#known = { at: Date.now(), value };
    return value;
  }

  async #look(): Promise<Readiness> {
    const services = await Promise.all(this.#probes.map(stateOf));
    const down = services.filter((service) => service.state === 'down');
    const status = down.some((service) => service.isRequired)
      ? 'unready'
      : down.length > 0
        ? 'degraded'
        : 'ready';
    return { status, services };
  }
}

/** A question that is still open is not asked again: a client that waits for its service would gather one per look. */
async function stateOf(each: {
  readonly probe: Probe;
  asked: Promise<unknown> | undefined;
}): Promise<ServiceState> {
  const { name, isRequired, mend } = each.probe;
  const began = performance.now();
  const told = (code: ErrorCode | null): ServiceState => ({
    name,
    isRequired,
    state: code === null ? 'up' : 'down',
    milliseconds: Math.round(performance.now() - began),
    code,
    mend: code === null ? null : mend,
  });
  try {
    each.asked ??= each.probe.ask().finally(() => (each.asked = undefined));
    await inTime(each.asked, LIMIT_MS);
    return told(null);
  } catch (thrown) {
    const { code } = asLakeError(thrown);
    // Clients that are not ours throw what they like: to the reader it is a service that did not answer.
    return told(code === 'INTERNAL' ? 'SERVICE_UNREACHABLE' : code);
  }
}

/** @param code whose mend is told when the service is down */
export function probe(name: string, code: ErrorCode, ask: () => Promise<unknown>, isRequired = false): Probe {
  return { name, isRequired, mend: ERROR_CODES[code].mend, ask };
}
