import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { Access } from './access/roles.js';
import { problem } from './schemas/common.js';

const ABOUT = `Everything the dashboard shows and does. Moments are ISO 8601 in UTC, 64-bit numbers are text, a month is its first day.
Every error is \`{code, message, hint}\`; the hint says what to do. Lists answer at most \`limit\` entries and a cursor \`next\`, to be
sent as \`cursor\`. Keys that are not known are refused.`;

/** A chapter per subject. */
const TAGS = {
  access: 'Who may do what: sessions, tokens, the log of what was done',
  overview: 'How it stands, in one look',
  topics: 'Topics of Kafka, their lag and batches',
  jobs: 'Everything that runs, ran or waits; retry and cancel',
  tables: 'Tables of the lake: rows, columns, commits',
  quarantine: 'Records that could not be read',
  months: 'Months of aggregations, schedules, computing them',
  reprocess: 'Reading from HQ again: reprocess, migration',
  reconcile: 'HQ and the lake compared, and mended',
  operation: 'Pauses, cluster, alerts, live changes, health',
} as const;

/** The OpenAPI document, made of the routes' own schemas, and its page at /api/docs. */
export async function installOpenApi(app: FastifyInstance, version: string): Promise<void> {
  app.addHook('onRoute', addProblems);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Dimagi Lake', version, description: ABOUT },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A token: `dl_…`' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'dimagi_lake_session',
            description: 'Of POST /session. Acts send the header x-csrf-token beside it.',
          },
        },
      },
    },
    transform: (document) => {
      const { schema, url } = jsonSchemaTransform(document);
      return { schema, url };
    },
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs', uiConfig: { docExpansion: 'list' } });
}

type WithDocument = RouteOptions & { schema?: { security?: unknown; response?: unknown; hide?: boolean } };

/** Every status that can come, and who may call it, follow from what the route says of itself. */
function addProblems(route: RouteOptions): void {
  const access = route.config?.access;
  if (access === undefined || route.schema === undefined) return;
  const { schema } = route as WithDocument;
  if (schema === undefined || schema.hide === true) return;
  const known = (schema.response ?? {}) as Record<string, unknown>;
  const statuses = problemStatuses(route, access).filter((status) => !(status in known));
  schema.response = { ...known, ...Object.fromEntries(statuses.map((status) => [status, problem])) };
  schema.security = access.role === 'anyone' ? [] : [{ bearer: [] }, { session: [] }];
  const needs = access.role === 'anyone' ? 'Needs no login.' : `Needs the role ${access.role}.`;
  schema.description = [schema.description, needs].filter(Boolean).join('\n\n');
}

function problemStatuses(route: RouteOptions, access: Access): string[] {
  const { params, querystring, body } = route.schema ?? {};
  const isAct = access.act !== undefined;
  return [
    ['400', true],
    ['401', access.role !== 'anyone' || access.isLogin === true],
    ['403', access.role !== 'anyone' || isAct],
    ['404', params !== undefined || isAct],
    ['409', isAct || querystring !== undefined],
    ['413', body !== undefined],
    ['415', body !== undefined],
    ['429', access.role !== 'anyone' || isAct],
    ['500', true],
    ['503', true],
  ]
    .filter(([, can]) => can)
    .map(([status]) => status as string);
}
