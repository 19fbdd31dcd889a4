import { previewReprocess } from '../../reprocess/preview.js';
import { startReprocess } from '../../reprocess/requests.js';
import type { RequestScope } from '../../ledger/reprocess.js';
import { requireCaller } from '../access/guard.js';
import { acts } from '../access/roles.js';
import { activeConfig } from '../active-config.js';
import type { Api, ApiParts } from '../parts.js';
import { migrationAsk, reprocessAnswer, reprocessAsk } from '../schemas/operate.js';

/** 100,000 ids of up to 255 characters. */
const BODY_LIMIT = 32 * 1024 * 1024;
/** Counting reads HQ's databases; a proxy in between gives up after a minute. */
const PREVIEW_MS = 55_000;

const DRY =
  '`dryRun: true` answers 200 with counts, exact to 100,000 and estimated above; nothing is planned.';
const KEY =
  'The same `idempotencyKey` again is the same request (`repeated`); with another scope it is refused.';

/** Reading records from HQ again. */
export function reprocessRoutes(app: Api, parts: ApiParts): void {
  const { database, models, hq, kafka, configOf } = parts;

  app.post(
    '/reprocess',
    {
      bodyLimit: BODY_LIMIT,
      config: acts('operator', 'reprocess'),
      schema: {
        tags: ['reprocess'],
        summary: 'Read records from HQ again: by ids, time, table, month, offsets, or a whole domain',
        description: `${DRY} ${KEY} Pages are planned behind live messages; \`reaggregate\` computes the affected months again at the end.`,
        body: reprocessAsk,
        response: { 200: reprocessAnswer, 202: reprocessAnswer },
      },
    },
    async (request, reply) => {
      const { scope, dryRun, reaggregate, reason, idempotencyKey } = request.body;
      request.auditTarget = `${dryRun ? 'dry run of ' : ''}${told(scope)}`;
      const cli = commandOf(scope, reaggregate);
      if (dryRun) return { ...(await preview(scope)), cli: `${cli} --dry-run` };
      const { id, repeated } = await start(
        'reprocess',
        scope,
        { reaggregate, reason, idempotencyKey },
        requireCaller(request).name,
      );
      void reply.code(202);
      return { jobId: `reprocess-${id}`, message: messageOf(repeated), repeated, preview: null, cli };
    },
  );

  app.post(
    '/migrations',
    {
      config: acts('operator', 'migration'),
      schema: {
        tags: ['reprocess'],
        summary: 'Bring in everything that lake.yaml keeps of a domain, however old',
        description: `For domains whose history is older than what Kafka keeps. ${DRY} ${KEY}`,
        body: migrationAsk,
        response: { 200: reprocessAnswer, 202: reprocessAnswer },
      },
    },
    async (request, reply) => {
      const { domain, dryRun, reason, idempotencyKey } = request.body;
      request.auditTarget = `${dryRun ? 'dry run of ' : ''}${domain}`;
      const cli = `dimagi-lake migration ${word(domain)}`;
      if (dryRun) return { ...(await preview({ domain })), cli: `${cli} --dry-run` };
      const asked = { reaggregate: false, reason, idempotencyKey };
      const { id, repeated } = await start('migration', { domain }, asked, requireCaller(request).name);
      void reply.code(202);
      return { jobId: `reprocess-${id}`, message: messageOf(repeated), repeated, preview: null, cli };
    },
  );

  async function preview(scope: RequestScope): Promise<{
    jobId: null;
    message: string;
    repeated: false;
    preview: Awaited<ReturnType<typeof previewReprocess>>;
  }> {
    const { config } = await activeConfig(parts);
    const signal = AbortSignal.timeout(PREVIEW_MS);
    const found = await previewReprocess(
      { database, config, hq, models: models.all, configOf, messages: kafka, signal },
      scope,
    );
    return { jobId: null, message: 'Nothing was planned', repeated: false, preview: found };
  }

  async function start(
    kind: 'reprocess' | 'migration',
    scope: RequestScope,
    asked: { reaggregate: boolean; reason: string | undefined; idempotencyKey: string | undefined },
    by: string,
  ): Promise<{ id: bigint; repeated: boolean }> {
    const { config } = await activeConfig(parts);
    return startReprocess(
      { database, config, messages: kafka },
      {
        ...{ kind, scope, by, reaggregate: asked.reaggregate },
        reason: asked.reason ?? null,
        idempotencyKey: asked.idempotencyKey ?? null,
      },
    );
  }
}

function messageOf(repeated: boolean): string {
  return repeated ? 'It was asked for already' : 'Its pages are planned behind live messages';
}

/** The scope in a few words, for the audit log. */
function told({ domain, table, ids, from, until, month, offsets, topic }: RequestScope): string {
  return [
    domain,
    ...(table === undefined ? [] : [table]),
    ...(topic === undefined ? [] : [topic]),
    ...(ids === undefined ? [] : [`${ids.length} ids`]),
    ...(from === undefined ? [] : [`from ${from} until ${until ?? 'now'}`]),
    ...(month === undefined ? [] : [month]),
    ...(offsets === undefined ? [] : [`${offsets.length} ranges of offsets`]),
  ].join(' ');
}

/** The same by command line. */
function commandOf(scope: RequestScope, reaggregate: boolean): string {
  const { domain, table, ids, from, until, month, offsets, topic } = scope;
  const flags: (string | undefined)[] = [
    `--domain ${word(domain)}`,
    table && `--table ${word(table)}`,
    topic && `--topic ${topic}`,
    ids && (ids.length <= 5 ? `--ids ${ids.map(word).join(' ')}` : '--ids …'),
    from && `--from ${from}`,
    until && `--until ${until}`,
    month && `--month ${month}`,
    offsets &&
      `--offsets ${offsets
        .slice(0, 5)
        .map((each) => `${each.partition}:${each.from}-${each.until}`)
        .join(' ')}`,
    reaggregate ? '--reaggregate' : undefined,
  ];
  return ['dimagi-lake reprocess', ...flags.filter((flag) => flag !== undefined)].join(' ');
}

/** A word of a shell: names of HQ hold anything. */
function word(text: string): string {
  return /^[\w.@:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
