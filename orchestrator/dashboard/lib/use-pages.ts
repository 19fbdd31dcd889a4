import { keepPreviousData, useInfiniteQuery, type UseInfiniteQueryResult } from '@tanstack/react-query';
import { useCallback } from 'react';
import { ask, type Query } from './api.js';

/** A long list page by page; events make the loaded pages new, and the list keeps its place meanwhile. */
export function usePages<P extends { next: string | null }>(
  key: string,
  path: string,
  query: Query,
): UseInfiniteQueryResult<P[]> & { more: () => void } {
  const answer = useInfiniteQuery({
    queryKey: [key, 'pages', path, query],
    queryFn: ({ signal, pageParam }) => ask<P>(path, { ...query, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => pages,
    placeholderData: keepPreviousData,
  });
  const { hasNextPage, isFetching, fetchNextPage } = answer;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { ...answer, more };
}
