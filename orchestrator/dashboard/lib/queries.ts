import { keepPreviousData, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { ask, type Query } from './api.js';
import type { JobPage, Overview, Pauses, QuarantineGroups, TablePage, Topics } from './answers.js';

/**
 * Lag grows without anything changing in the ledger, so what shows it is asked again by itself too; these answers are
 * small whatever the lake's size. Lists are asked again by events only.
 */
export const LAG_REFRESH_MS = 15_000;

/** A question by path; the first word of its key is what events name. The last answer stays while another is asked. */
export function useAnswer<T>(
  key: string,
  path: string,
  query: Query = {},
  more: { refetchMs?: (data: T | undefined) => number | false; keep?: boolean } = {},
): UseQueryResult<T> {
  return useQuery<T>({
    queryKey: [key, path, query],
    queryFn: ({ signal }) => ask<T>(path, query, signal),
    refetchInterval: ({ state }) => more.refetchMs?.(state.data) ?? false,
    placeholderData: more.keep === true ? keepPreviousData : undefined,
  });
}

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => ask<Overview>('/overview', {}, signal),
  refetchInterval: LAG_REFRESH_MS,
});

export const topicsQuery = queryOptions({
  queryKey: ['topics'],
  queryFn: ({ signal }) => ask<Topics>('/topics', {}, signal),
  refetchInterval: LAG_REFRESH_MS,
});

export const pausesQuery = queryOptions({
  queryKey: ['pauses'],
  queryFn: ({ signal }) => ask<Pauses>('/pauses', {}, signal),
});

export const domainsQuery = queryOptions({
  queryKey: ['domains'],
  queryFn: ({ signal }) => ask<{ domains: string[] }>('/domains', {}, signal),
});

/** The newest jobs of one kind of trouble; few, for a page that only shows the way to them. */
export function jobsQuery(filters: Query) {
  return queryOptions({
    queryKey: ['jobs', 'few', filters],
    queryFn: ({ signal }) => ask<JobPage>('/jobs', { limit: 10, ...filters }, signal),
  });
}

export function tablesQuery(filters: Query) {
  return queryOptions({
    queryKey: ['tables', 'few', filters],
    queryFn: ({ signal }) => ask<TablePage>('/tables', filters, signal),
  });
}

export const quarantineGroupsQuery = queryOptions({
  queryKey: ['quarantine', 'groups'],
  queryFn: ({ signal }) => ask<QuarantineGroups>('/quarantine/groups', {}, signal),
});
