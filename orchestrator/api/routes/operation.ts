import { z } from 'zod';
import { livingProcesses } from '../../ledger/processes.js';
import { listPauses, pause as pauseWork, resume } from '../../ledger/pauses.js';
import { requireCaller } from '../access/guard.js';
import { acts, reads } from '../access/roles.js';
import { ledgerId } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { ApiProblem, notFound } from '../problems.js';
import { clusterNow } from '../read/cluster.js';
import { TOPICS } from '../../types.js';
import { cluster, pause, pauseAsk, pauses, QUEUES } from '../schemas/operate.js';
import { tableFacts } from '../../ledger/table-facts.js';

/** A process that was not seen for so long is gone. */
const PROCESS_SECONDS = 120;

/** Pauses and the cluster. */
export function operationRoutes(app: Api, parts: ApiParts): void {
  const { database } = parts;

  app.get(
    '/cluster',
    {
      config: reads(),
      schema: {
        tags: ['operation'],
        summary: 'Spark masters, workers and drivers, queues, our own processes',
        description:
          'When no master shows its page, `reachable` is false with the reason, and all else is told.',
        response: { 200: cluster },
      },
    },
    async () => ({
      ...(await clusterNow(parts)),
      processes: await livingProcesses(database, PROCESS_SECONDS),
    }),
  );

  app.get(
    '/pauses',
    {
      config: reads(),
      schema: { tags: ['operation'], summary: 'What is paused, by whom and why', response: { 200: pauses } },
    },
    async () => ({
      pauses: (await listPauses(database)).map((each) => ({ ...each, id: each.id.toString() })),
    }),
  );

  app.post(
    '/pauses',
    {
      config: acts('operator', 'pause'),
      schema: {
        tags: ['operation'],
        summary: 'Pause a topic, a table, a queue, or all',
        description:
          'Nothing new is begun; what runs on Spark ends by itself. Paused already: 200 with the pause that stands.',
        body: pauseAsk,
        response: { 200: pause, 201: pause },
      },
    },
    async (request, reply) => {
      const { scope, name, reason } = request.body;
      request.auditTarget = `${scope} ${name}`.trim();
      await requireNamed(scope, name);
      const { pause: made, repeated } = await pauseWork(database, {
        scope,
        name,
        reason,
        by: requireCaller(request).name,
      });
      void reply.code(repeated ? 200 : 201);
      return { ...made, id: made.id.toString() };
    },
  );

  app.delete(
    '/pauses/:id',
    {
      config: acts('operator', 'resume'),
      schema: {
        tags: ['operation'],
        summary: 'Lift a pause',
        params: z.object({ id: z.string().regex(/^\d{1,19}$/) }),
        response: { 200: pause },
      },
    },
    async (request) => {
      const lifted = await resume(database, ledgerId(request.params.id, 'pause'));
      if (lifted === undefined) throw notFound(`pause ${request.params.id}`, 'It was lifted already.');
      request.auditTarget = `${lifted.scope} ${lifted.name}`.trim();
      return { ...lifted, id: lifted.id.toString() };
    },
  );

  /** A pause of something that does not exist would hold up nothing, and look as if it did. */
  async function requireNamed(scope: z.output<typeof pauseAsk>['scope'], name: string): Promise<void> {
    const wrong = (hint: string): ApiProblem =>
      new ApiProblem('BAD_REQUEST', `There is no ${scope} "${name}" to be paused`, hint);
    if (scope === 'all' && name !== '') throw wrong('With scope all, name is empty.');
    if (scope === 'topic' && !TOPICS.some((each) => each === name))
      throw wrong(`Topics are ${TOPICS.join(', ')}.`);
    if (scope === 'queue' && !QUEUES.some((each) => each === name))
      throw wrong(`Queues are ${QUEUES.join(', ')}.`);
    if (scope !== 'table') return;
    const [databaseName, table] = splitAtFirst(name);
    const known = await tableFacts(database, { database: databaseName, name: table });
    const isAggregate = parts.models.all.some((model) => model.table === table);
    if (known.length === 0 && !isAggregate)
      throw wrong('A table is written `database.table`; GET /api/v1/tables lists them.');
  }
}

function splitAtFirst(name: string): [string, string] {
  const at = name.indexOf('.');
  return at === -1 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
}
