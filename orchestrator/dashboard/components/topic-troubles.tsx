import { Text } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import type { Job } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { jobsQuery, quarantineGroupsQuery } from '../lib/queries.js';
import { RetryButton } from './job-acts.js';
import { TableLink, To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

const TROUBLE = ['halted', 'failed', 'retrying'] as const;

/** The jobs that stop or slow the topic, each with its retry, and the records it has set aside. Nothing when all is well. */
export function TopicTroubles({
  topic,
  haltedTables,
}: {
  topic: string;
  haltedTables: readonly string[];
}): ReactElement | null {
  const jobs = useQueries({
    queries: TROUBLE.map((state) => jobsQuery({ topic, state })),
    combine: (answers) => answers.flatMap(({ data }) => data?.jobs ?? []),
  });
  const aside = useQuery(quarantineGroupsQuery);
  const groups = aside.data?.groups.filter((group) => group.topic === topic) ?? [];
  // A halted or failed job stays in the history when its topic goes on: only those of a halted topic or table matter.
  const shown = jobs.filter(({ state }) => state !== 'failed' || haltedTables.length > 0);
  if (shown.length === 0 && groups.length === 0) return null;
  return (
    <>
      {shown.length > 0 && (
        <Panel title="Jobs that fail" flush>
          <Rows
            label="Jobs that fail"
            rows={shown}
            rowKey={({ id }) => id}
            empty=""
            columns={[
              { head: 'Job', cell: (job) => <FailingJob job={job} /> },
              { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
              {
                head: 'Why',
                cell: ({ failure }) => (
                  <Text fz="sm" lineClamp={3} className="break">
                    {failure ?? '–'}
                  </Text>
                ),
              },
              { head: 'Attempts', isNumber: true, cell: ({ attempts }) => count(attempts) },
              { head: '', cell: ({ id, title }) => <RetryButton id={id} title={title} filled /> },
            ]}
          />
        </Panel>
      )}
      {groups.length > 0 && (
        <Panel title="Records set aside" flush>
          <Rows
            label="Records set aside, by cause"
            rows={groups}
            rowKey={({ reason, domain }) => `${domain} ${reason}`}
            empty=""
            columns={[
              {
                head: 'Cause',
                cell: ({ reason, domain }) => (
                  <To to="/quarantine" query={{ topic, domain, reason }}>
                    {reason}
                  </To>
                ),
              },
              { head: 'Domain', cell: ({ domain }) => domain },
              { head: 'Records', isNumber: true, cell: (group) => count(group.count) },
              { head: 'Newest', cell: ({ newestAt }) => <Moment at={newestAt} /> },
            ]}
          />
        </Panel>
      )}
    </>
  );
}

function FailingJob({ job }: { job: Job }): ReactElement {
  return (
    <>
      <To to={`/jobs/${job.id}`}>{job.title}</To>
      <Text fz="xs" c="dimmed">
        {job.id}
        {job.tables.length === 1 && job.tables[0] !== undefined && (
          <>
            , <TableLink name={job.tables[0]} />
          </>
        )}
        , <Moment at={job.createdAt} />
      </Text>
    </>
  );
}
