import { z } from 'zod';
import { expectedOf, linesAround } from '../../extract/fault-lines.js';
import {
  quarantineEntries,
  quarantineGroups as groupsOf,
  type QuarantineEntry,
} from '../../ledger/quarantine.js';
import { replayPages } from '../../pipeline/replay-quarantine.js';
import { KIND_OF_TOPIC, TOPICS } from '../../types.js';
import { acts, reads } from '../access/roles.js';
import { cursorOf, ledgerId, readIdCursor } from '../cursor.js';
import type { Api, ApiParts } from '../parts.js';
import { notFound } from '../problems.js';
import { accepted } from '../schemas/jobs.js';
import {
  quarantineDocument,
  quarantineGroups,
  quarantinePage,
  quarantineQuery,
  replay,
  type Quarantined,
} from '../schemas/lake.js';

const MOST_GROUPS = 200;
const LONGEST_DOCUMENT = 64 * 1024;

/** Records that could not be read: why, where, and reading them again. */
export function quarantineRoutes(app: Api, { database, hq, jobs }: ApiParts): void {
  app.get(
    '/quarantine',
    {
      config: reads(),
      schema: {
        tags: ['quarantine'],
        summary: 'Records set aside, the newest first',
        description: 'Open ones; with `batch` those that were replayed too. `reason` may be that of a group.',
        querystring: quarantineQuery,
        response: { 200: quarantinePage },
      },
    },
    async (request) => {
      const { cursor, limit, batch, ...filter } = request.query;
      const ofBatch = batch === undefined ? undefined : ledgerId(batch, 'batch');
      const entries = await quarantineEntries(
        database,
        { ...filter, batch: ofBatch, before: readIdCursor(cursor) },
        limit,
      );
      const last = entries.length === limit ? entries.at(-1) : undefined;
      return {
        records: entries.map(plain),
        next: last === undefined ? null : cursorOf([last.id.toString()]),
      };
    },
  );

  app.get(
    '/quarantine/groups',
    {
      config: reads(),
      schema: {
        tags: ['quarantine'],
        summary: 'What reasons have in common, the largest group first',
        description: 'Numbers in a reason are `#`.',
        response: { 200: quarantineGroups },
      },
    },
    async () => ({ groups: await groupsOf(database, MOST_GROUPS) }),
  );

  app.get(
    '/quarantine/:id/document',
    {
      config: acts('admin', 'look at document'),
      schema: {
        tags: ['quarantine'],
        summary: 'The document as HQ has it now, beside what was expected',
        description:
          'Unmasked record content: for admins, and each look stands in the audit log. `document` is cut at 64 KiB.',
        params: z.object({ id: z.string().regex(/^\d{1,19}$/) }),
        response: { 200: quarantineDocument },
      },
    },
    async (request) => {
      const [entry] = await quarantineEntries(database, { id: ledgerId(request.params.id, 'entry') }, 1);
      if (entry === undefined) throw notFound(`entry ${request.params.id} of the quarantine`);
      request.auditTarget = `${entry.kind} ${entry.recordId} of ${entry.domain}`;
      const raw = await hq.raw(entry.kind, entry.domain, entry.recordId);
      return {
        record: plain(entry),
        lines: linesAround(raw?.text ?? '', entry.reason),
        expected: expectedOf(entry.reason),
        document: raw?.text?.slice(0, LONGEST_DOCUMENT) ?? null,
      };
    },
  );

  app.post(
    '/quarantine/replay',
    {
      config: acts('operator', 'replay'),
      schema: {
        tags: ['quarantine'],
        summary: 'Read records from HQ again',
        description:
          'Those of `ids`, or all open ones of topic and domain. Pages are planned; ingestion does them.',
        body: replay,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const { ids, topic, domain } = request.body;
      request.auditTarget = ids?.join(', ') ?? [topic ?? 'all topics', domain ?? 'all domains'].join(' of ');
      const wanted = ids?.map((id) => ledgerId(id, 'entry'));
      const topics = topic === undefined ? TOPICS : TOPICS.filter((each) => each === topic);
      if (topics.length === 0) throw notFound(`topic "${topic ?? ''}"`, `Topics are ${TOPICS.join(', ')}.`);
      const pages = [];
      for (const each of topics) {
        const filter = { kind: KIND_OF_TOPIC[each], ...(domain === undefined ? {} : { domain }) };
        const ofIds = wanted === undefined ? {} : { ids: wanted };
        for await (const page of replayPages(database, jobs.checkpoint, each, { ...filter, ...ofIds }))
          pages.push(page);
      }
      const records = pages.reduce((sum, page) => sum + page.records, 0);
      const [first] = pages;
      void reply.code(202);
      return {
        jobId: first === undefined ? null : `batch-${first.batch}`,
        message:
          first === undefined
            ? 'Nothing to replay: no such entry is open'
            : `${records} record(s) are read again in ${pages.length} page(s)`,
        repeated: false,
      };
    },
  );
}

function plain({ recordId, batchId, id, ...entry }: QuarantineEntry): Quarantined {
  return { ...entry, id: id.toString(), record: recordId, batch: batchId.toString() };
}
