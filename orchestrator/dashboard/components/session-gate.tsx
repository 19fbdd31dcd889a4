import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, type ReactElement } from 'react';
import { RouterProvider } from 'react-router';
import type { Session } from '../lib/answers.js';
import { ApiProblem, ask, keepCsrf } from '../lib/api.js';
import { SessionContext } from '../lib/session.js';
import { createRouter } from '../routes.js';
import { Login } from '../routes/login.js';
import { Bars, ProblemView } from './answer.js';

/** Shows the pages to who has a session and the login to who has none; the address stays, so the login leads there. */
export function SessionGate(): ReactElement {
  const client = useQueryClient();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    staleTime: Infinity,
    refetchOnWindowFocus: true,
  });
  const router = useMemo(() => createRouter(), []);
  if (data === undefined) {
    return (
      <main style={{ maxWidth: 640, margin: '12vh auto' }}>
        {error === null ? (
          <Bars many={3} />
        ) : (
          <ProblemView error={error} again={() => void refetch()} isTrying={isFetching} />
        )}
      </main>
    );
  }
  if (data === null) {
    return (
      <Login
        done={(session) => {
          client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
          client.setQueryData(['session'], session);
        }}
      />
    );
  }
  return (
    <SessionContext value={data}>
      <RouterProvider router={router} />
    </SessionContext>
  );
}

async function readSession(): Promise<Session | null> {
  try {
    const session = await ask<Session>('/session');
    keepCsrf(session.csrf);
    return session;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}
