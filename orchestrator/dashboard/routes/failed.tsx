import type { ReactElement } from 'react';
import { useRouteError } from 'react-router';
import { ProblemView } from '../components/answer.js';
import { Page } from '../components/page.js';

/** A page that threw, or whose code could not be loaded (the server was updated meanwhile): loading anew mends both. */
export function RouteFailed(): ReactElement {
  const error = useRouteError();
  return (
    <Page title="This page failed">
      <ProblemView
        error={error instanceof Error ? error : new Error(String(error))}
        again={() => {
          window.location.reload();
        }}
      />
    </Page>
  );
}
