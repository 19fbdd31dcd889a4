import { askReconcile, findingsOf, listReconciles, type ReconcileRow } from '../../ledger/reconciles.js';
import { comparedTables } from '../../reconcile/compared-tables.js';
import { spanOf } from '../../reconcile/parts.js';
import { requireCaller } from '../access/guard.js';
import { acts, reads } from '../access/roles.js';
import { activeConfig } from '../active-config.js';
import { cursorOf, ledgerId, readIdCursor } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { notFound } from '../problems.js';
import { accepted } from '../schemas/jobs.js';
import {
  reconcileAsk,
  reconcileDetail,
  reconcileId,
  reconcilePage,
  reconcileQuery,
  type Reconcile,
} from '../schemas/reconciles.js';

/** Comparisons of HQ with the lake. */
export function reconcileRoutes(app: Api, parts: ApiParts): void {
  const { database } = parts;

  app.get(
    '/reconciles',
    {
      config: reads(),
      schema: {
        tags: ['reconcile'],
        summary: 'Comparisons of HQ with the lake, the newest first',
        querystring: reconcileQuery,
        response: { 200: reconcilePage },
      },
    },
    async (request) => {
      const { cursor, limit, domain } = request.query;
      const rows = await listReconciles(database, { domain, before: readIdCursor(cursor) }, limit);
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        reconciles: rows.map(plain),
        next: last === undefined ? null : cursorOf([last.id.toString()]),
      };
    },
  );

  app.get(
    '/reconciles/:id',
    {
      config: reads(),
      schema: {
        tags: ['reconcile'],
        summary: 'What a comparison has found: by table, and by day with a few ids',
        params: reconcileId,
        response: { 200: reconcileDetail },
      },
    },
    async (request) => {
      const id = ledgerId(request.params.id, 'id');
      const [row] = await listReconciles(database, { id }, 1);
      if (row === undefined) throw notFound(`reconcile ${id}`, 'GET /api/v1/reconciles lists them.');
      const { tables, days } = await findingsOf(database, id);
      return {
        reconcile: plain(row),
        tables: tables.map((table) => ({ ...table, deltaVersion: table.deltaVersion?.toString() ?? null })),
        days: days.map((day) => ({ ...day, examples: [...day.examples] })),
      };
    },
  );

  app.post(
    '/reconciles',
    {
      config: acts('operator', 'reconcile'),
      schema: {
        tags: ['reconcile'],
        summary: 'Compare HQ and the lake, and with `repair` read what is wrong from HQ again',
        description:
          'A process with workers does it; the answer names its job. The same `idempotencyKey` again is the same request.',
        body: reconcileAsk,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const { domain, tables, from, until, repair, reason, idempotencyKey } = request.body;
      request.auditTarget = [domain, ...tables, ...(repair ? ['repair'] : [])].join(' ').slice(0, 500);
      const { config } = await activeConfig(parts);
      await comparedTables({ database, config }, { domain, tables });
      spanOf(from ?? null, until ?? null);
      const { id, repeated } = await askReconcile(database, {
        ...{ domain, tables, repair, by: requireCaller(request).name },
        ...{ from: from ?? null, until: until ?? null },
        ...{ reason: reason ?? null, idempotencyKey: idempotencyKey ?? null },
      });
      void reply.code(202);
      const message = repeated ? 'It was asked for already' : 'A process with workers takes it up';
      return { jobId: `reconcile-${id}`, message, repeated };
    },
  );
}

function plain({ id, differences, unjudged, ...row }: ReconcileRow): Reconcile {
  return {
    ...row,
    id: id.toString(),
    jobId: `reconcile-${id}`,
    differences: differences?.toString() ?? null,
    unjudged: unjudged?.toString() ?? null,
  };
}
