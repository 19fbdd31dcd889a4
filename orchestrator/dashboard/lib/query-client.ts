import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './api.js';

const RETRIES = 2;

/**
 * Answers stay good for a while, since events tell when they do not. A refusal is not asked again (it would be refused
 * again); a server that is away is, a little. A session that has ended leads back to the login.
 */
export function createClient(): QueryClient {
  const onError = (error: Error): void => {
    if (error instanceof ApiProblem && error.status === 401) client.setQueryData(['session'], null);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: true,
        retry: (failures, error) =>
          failures < RETRIES && !(error instanceof ApiProblem && isRefusal(error.status)),
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
    },
  });
  return client;
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500;
}
