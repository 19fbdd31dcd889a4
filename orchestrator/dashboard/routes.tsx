import { createBrowserRouter, redirect } from 'react-router';
import { Shell } from './components/shell.js';
import { RouteFailed } from './routes/failed.js';
import { NotFound } from './routes/not-found.js';

/** Every page by its address; a page's code is loaded when it is first opened. */
export function createRouter(): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter([
    {
      element: <Shell />,
      errorElement: <RouteFailed />,
      children: [
        {
          errorElement: <RouteFailed />,
          children: [
            { path: '/', lazy: async () => ({ Component: (await import('./routes/home.js')).Home }) },
            {
              path: '/topics',
              lazy: async () => ({ Component: (await import('./routes/topics.js')).Topics }),
            },
            {
              path: '/topics/:topic',
              lazy: async () => ({ Component: (await import('./routes/topic.js')).Topic }),
            },
            {
              path: '/tables',
              lazy: async () => ({ Component: (await import('./routes/tables.js')).Tables }),
            },
            {
              path: '/tables/:database/:table',
              lazy: async () => ({ Component: (await import('./routes/table.js')).Table }),
            },
            { path: '/jobs', lazy: async () => ({ Component: (await import('./routes/jobs.js')).Jobs }) },
            { path: '/jobs/:id', lazy: async () => ({ Component: (await import('./routes/job.js')).Job }) },
            {
              path: '/months/:domain?',
              lazy: async () => ({ Component: (await import('./routes/months.js')).Months }),
            },
            {
              path: '/reprocess',
              lazy: async () => ({ Component: (await import('./routes/reprocess.js')).Reprocess }),
            },
            {
              path: '/reconcile',
              lazy: async () => ({ Component: (await import('./routes/reconcile.js')).Reconcile }),
            },
            {
              path: '/quarantine',
              lazy: async () => ({ Component: (await import('./routes/quarantine.js')).Quarantine }),
            },
            {
              path: '/schedules',
              lazy: async () => ({ Component: (await import('./routes/schedules.js')).Schedules }),
            },
            {
              path: '/cluster',
              lazy: async () => ({ Component: (await import('./routes/cluster.js')).Cluster }),
            },
            {
              path: '/alerts',
              lazy: async () => ({ Component: (await import('./routes/alerts.js')).Alerts }),
            },
            {
              path: '/access',
              lazy: async () => ({ Component: (await import('./routes/access.js')).Access }),
            },
            { path: '/login', loader: () => redirect('/') },
            { path: '*', element: <NotFound /> },
          ],
        },
      ],
    },
  ]);
}
