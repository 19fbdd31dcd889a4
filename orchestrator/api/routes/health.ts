import { z } from 'zod';
import { anyone, reads } from '../access/roles.js';
import type { Api, ApiParts } from '../parts.js';

const liveness = z.object({
  status: z.literal('ok'),
  uptimeSeconds: z.number(),
  eventLoopStoodMs: z.number(),
});
const readinessAnswer = z.object({
  status: z.enum(['ready', 'degraded', 'unready']),
  services: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['up', 'down']),
      isRequired: z.boolean(),
      milliseconds: z.number(),
      code: z.string().nullable(),
      mend: z.string().nullable(),
    }),
  ),
});

/** For service managers, load balancers and Prometheus; outside /api/v1. */
export function healthRoutes(app: Api, { metrics, readiness, liveness: check }: ApiParts): void {
  app.get(
    '/healthz',
    {
      config: anyone(),
      schema: {
        tags: ['operation'],
        summary: 'Whether this process lives; it asks no service',
        response: { 200: liveness },
      },
    },
    () => check.look(),
  );

  app.get(
    '/readyz',
    {
      config: anyone(),
      schema: {
        tags: ['operation'],
        summary: 'Which services answer, and what to do about those that do not',
        description: '503 only without the ledger: while another service is away the API is wanted most.',
        response: { 200: readinessAnswer, 503: readinessAnswer },
      },
    },
    async (_, reply) => {
      const found = await readiness.look();
      void reply.code(found.status === 'unready' ? 503 : 200);
      return { status: found.status, services: [...found.services] };
    },
  );

  app.get(
    '/metrics',
    {
      config: reads(),
      schema: {
        tags: ['operation'],
        summary: 'Prometheus text; deploy/metrics.md lists the metrics',
        description:
          'Names of tables and domains stand in it, so it needs a token: `authorization` of the scrape configuration.',
        response: { 200: { content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_, reply) => {
      void reply.type(metrics.contentType);
      return metrics.text();
    },
  );
}
