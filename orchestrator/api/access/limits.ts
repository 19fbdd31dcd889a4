import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems.js';

/** Requests of one address in a minute. A page of the dashboard asks for some ten things, and several people share an address. */
export interface Limits {
  readonly logins: number;
  readonly acts: number;
  readonly reads: number;
}

export const LIMITS: Limits = { logins: 10, acts: 120, reads: 1_200 };

/**
 * Comes before anything that costs: nobody is looked up for a request that is too many. By address, not by token, for else each
 * wrong token would be counted anew. The dashboard's own files and probes of health are not counted.
 */
export function installLimits(app: FastifyInstance, limits: Limits): void {
  const limiterOf = (kind: keyof Limits): ReturnType<typeof app.createRateLimit> =>
    app.createRateLimit({
      max: limits[kind],
      timeWindow: 60_000,
      keyGenerator: (request) => `${kind} ${request.ip}`,
    });
  const limiters = { logins: limiterOf('logins'), acts: limiterOf('acts'), reads: limiterOf('reads') };
  app.addHook('onRequest', async (request, reply) => {
    const kind = kindOf(request);
    if (kind === undefined) return;
    const counted = await limiters[kind](request);
    if (counted.isAllowed || !counted.isExceeded) return;
    void reply.header('retry-after', counted.ttlInSeconds);
    throw new ApiProblem('RATE_LIMITED', `More than ${counted.max} ${kind} from this address in a minute`);
  });
}

function kindOf(request: FastifyRequest): keyof Limits | undefined {
  const access = request.routeOptions.config.access;
  if (access === undefined) return undefined;
  if (access.isLogin === true) return 'logins';
  if (access.act !== undefined) return 'acts';
  return access.role === 'anyone' ? undefined : 'reads';
}
