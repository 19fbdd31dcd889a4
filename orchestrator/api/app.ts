import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { installGuard } from './access/guard.js';
import { installLimits } from './access/limits.js';
import { installDashboard } from './dashboard-files.js';
import { installOpenApi } from './openapi.js';
import type { Api, ApiParts } from './parts.js';
import { answerTo, notFound } from './problems.js';
import { accessRoutes } from './routes/access.js';
import { alertRoutes } from './routes/alerts.js';
import { eventRoutes } from './routes/events.js';
import { healthRoutes } from './routes/health.js';
import { jobRoutes } from './routes/jobs.js';
import { monthRoutes } from './routes/months.js';
import { operationRoutes } from './routes/operation.js';
import { overviewRoutes } from './routes/overview.js';
import { quarantineRoutes } from './routes/quarantine.js';
import { reconcileRoutes } from './routes/reconciles.js';
import { reprocessRoutes } from './routes/reprocess.js';
import { sessionRoutes } from './routes/session.js';
import { tableRoutes } from './routes/tables.js';
import { topicRoutes } from './routes/topics.js';

/** All routes by hand, so that this is the list of them. */
const ROUTES = [
  sessionRoutes,
  overviewRoutes,
  topicRoutes,
  jobRoutes,
  tableRoutes,
  quarantineRoutes,
  monthRoutes,
  reprocessRoutes,
  reconcileRoutes,
  operationRoutes,
  alertRoutes,
  eventRoutes,
  accessRoutes,
];

/** Ids of a reprocess may be many; everything else is small. */
const BODY_LIMIT = 1024 * 1024;
/** Names of tables and domains have up to 255 characters, each up to nine when escaped. */
const LONGEST_PARAMETER = 2_400;

/**
 * Nothing from anywhere else, no script that is not a file of ours. Styles may stand in the page, for the component library sets
 * them there.
 */
const CONTENT_SECURITY = {
  useDefaults: false,
  directives: {
    'default-src': ["'self'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  },
};

/**
 * The API: assembly only, in the order a request goes. server.ts makes the parts and listens.
 */
export async function createApi(parts: ApiParts): Promise<Api> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    // A proxy that ends TLS stands on the same machine, or API_HOST is opened to it on purpose.
    trustProxy: 'loopback',
    frameworkErrors: (error, request, reply) => {
      void answer(error, request, reply);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  const answer = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { status, problem, isFault } = answerTo(thrown);
    request.problemCode = problem.code;
    if (isFault) {
      const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      parts.logger.error('a request failed', {
        method: request.method,
        route: request.routeOptions.url,
        reason,
      });
    }
    return reply.code(status).type('application/json; charset=utf-8').send(problem);
  };
  app.setErrorHandler(answer);

  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY,
    // Only https pages are told to stay there: a demo on loopback has no certificate.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    if (request.protocol === 'https') void reply.header('strict-transport-security', 'max-age=31536000');
    done();
  });
  installLimits(app, parts.limits);
  installGuard(app, parts.database, parts.logger);
  await installOpenApi(app, parts.version);

  await app.register(
    (api, _, done) => {
      for (const routes of ROUTES) routes(api.withTypeProvider<ZodTypeProvider>(), parts);
      done();
    },
    { prefix: '/api/v1' },
  );
  healthRoutes(app, parts);
  app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await installDashboard(app, parts.dashboard);
  app.setNotFoundHandler((request, reply) => {
    if (isPageOf(request)) return reply.page();
    return answer(notFound(`route ${request.method} ${pathOf(request)}`, 'See /api/docs.'), request, reply);
  });
  return app;
}

/** The dashboard has routes of its own: whoever asks for one gets its only page. */
function isPageOf(request: FastifyRequest): boolean {
  const isPage =
    request.method === 'GET' && !/^\/(api|assets|metrics|healthz|readyz)(\/|$)/.test(pathOf(request));
  return isPage && (request.headers.accept ?? 'text/html').includes('text/html');
}

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*$/s, '').slice(0, 200);
}
