import { z } from 'zod';
import { cancelJob } from '../../jobs/cancel-job.js';
import { driverLog } from '../../jobs/driver-log.js';
import { jobDetail as detailOf } from '../../jobs/job-detail.js';
import { retryJob } from '../../jobs/retry-job.js';
import { jobScripts } from '../../jobs/run-files.js';
import { jobFacets as countFacets, searchJobs } from '../../jobs/search-jobs.js';
import { requireCaller } from '../access/guard.js';
import { acts, reads } from '../access/roles.js';
import type { Api, ApiParts } from '../parts.js';
import {
  accepted,
  facetQuery,
  jobAction,
  jobDetail,
  jobFacets,
  jobId,
  jobPage,
  jobQuery,
  logPart,
  logQuery,
  scripts,
} from '../schemas/jobs.js';

const byId = z.object({ id: jobId });

/** Everything that runs, ran or waits. */
export function jobRoutes(app: Api, parts: ApiParts): void {
  app.get(
    '/jobs',
    {
      config: reads(),
      schema: {
        tags: ['jobs'],
        summary: 'Search all jobs, the newest first',
        description:
          '`q`: words that must all occur, in ids, titles, tables, reasons, drivers and records set aside.',
        querystring: jobQuery,
        response: { 200: jobPage },
      },
    },
    async (request) => searchJobs(parts, request.query),
  );

  app.get(
    '/jobs/facets',
    {
      config: reads(),
      schema: {
        tags: ['jobs'],
        summary: 'How many jobs there are of each kind, state, topic …',
        description:
          'Of the same filter; each facet leaves its own part of the filter out. Counts stop at a cap.',
        querystring: facetQuery,
        response: { 200: jobFacets },
      },
    },
    async (request) => countFacets(parts, request.query),
  );

  app.get(
    '/jobs/:id',
    {
      config: reads(),
      schema: {
        tags: ['jobs'],
        summary: 'A job: why it is not done, its waterfall, tables, runs, kin',
        description: 'Ids are `batch-12`, `aggregation-7`, `request-3`, `reprocess-5`.',
        params: byId,
        response: { 200: jobDetail },
      },
    },
    async (request) => detailOf(parts.jobs, request.params.id),
  );

  app.get(
    '/jobs/:id/scripts',
    {
      config: reads(),
      schema: {
        tags: ['jobs'],
        summary: 'The SQL of its runs',
        params: byId,
        response: { 200: scripts },
      },
    },
    async (request) => jobScripts(parts.jobs, request.params.id),
  );

  app.get(
    '/jobs/:id/log',
    {
      config: reads(),
      schema: {
        tags: ['jobs'],
        summary: 'A part of its driver’s log, as it stands on the worker',
        description: 'Secrets are taken out. Ask again with `offset` = `nextOffset` for what was added.',
        params: byId,
        querystring: logQuery,
        response: { 200: logPart },
      },
    },
    async (request) => driverLog(parts.jobs, request.params.id, request.query),
  );

  app.post(
    '/jobs/:id/retry',
    {
      config: acts('operator', 'retry job'),
      schema: {
        tags: ['jobs'],
        summary: 'Try again now',
        description: 'Of a batch its halted tables go on, too; of an aggregation a request is made.',
        params: byId,
        body: jobAction,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const act = { by: requireCaller(request).name, reason: request.body.reason };
      const answer = await retryJob(parts.jobs, request.params.id, act);
      void reply.code(202);
      return answer;
    },
  );

  app.post(
    '/jobs/:id/cancel',
    {
      config: acts('operator', 'cancel job'),
      schema: {
        tags: ['jobs'],
        summary: 'Cancel; its driver is killed',
        description: 'A batch can’t be skipped: its tables stop until it is retried, and nothing is lost.',
        params: byId,
        body: jobAction,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const act = { by: requireCaller(request).name, reason: request.body.reason };
      const answer = await cancelJob(parts.jobs, request.params.id, act);
      void reply.code(202);
      return answer;
    },
  );
}
