import { jobFacets as countFacets, searchJobs } from '../../jobs/search-jobs.js';
import { reads } from '../access/roles.js';
import type { Api, ApiParts } from '../parts.js';
import { facetQuery, jobFacets, jobPage, jobQuery } from '../schemas/jobs.js';

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
}
