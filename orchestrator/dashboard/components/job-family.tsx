import type { ReactElement } from 'react';
import type { Job } from '../lib/answers.js';
import { To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

/** Jobs that a job belongs to, or that belong to it. */
export function JobFamily({ title, jobs }: { title: string; jobs: readonly Job[] }): ReactElement | null {
  if (jobs.length === 0) return null;
  return (
    <Panel title={title} flush>
      <Rows
        label={title}
        rows={jobs}
        rowKey={({ id }) => id}
        empty=""
        columns={[
          { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
          { head: 'Job', cell: ({ id, title: name }) => <To to={`/jobs/${id}`}>{name}</To> },
          { head: 'Id', cell: ({ id }) => id },
          { head: 'Asked', cell: ({ createdAt }) => <Moment at={createdAt} /> },
          { head: 'Ended', cell: ({ endedAt }) => <Moment at={endedAt} /> },
        ]}
      />
    </Panel>
  );
}
