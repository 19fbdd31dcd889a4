import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Answer } from '../components/answer.js';
import { ClusterSpark } from '../components/cluster-spark.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { PauseButton, ResumeButton } from '../components/pause-acts.js';
import { Rows } from '../components/rows.js';
import { State } from '../components/state.js';
import type { Cluster as Known } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { LAG_REFRESH_MS, pausesQuery, useAnswer } from '../lib/queries.js';

/** What there is to work with: pauses, queues, our processes, Spark. */
export function Cluster(): ReactElement {
  const query = useAnswer<Known>('cluster', '/cluster', {}, { refetchMs: () => LAG_REFRESH_MS });
  return (
    <Page title="Cluster and queues" acts={<PauseButton scope="all" name="" />}>
      <Stack gap="md">
        <Pauses />
        <Answer query={query} bars={10}>
          {(cluster) => (
            <>
              <Queues queues={cluster.queues} />
              <ClusterSpark cluster={cluster} />
              <Processes processes={cluster.processes} />
            </>
          )}
        </Answer>
      </Stack>
    </Page>
  );
}

function Pauses(): ReactElement {
  const query = useQuery(pausesQuery);
  return (
    <Panel title="Pauses" flush>
      <Answer query={query} bars={2}>
        {({ pauses }) => (
          <Rows
            label="Pauses"
            rows={pauses}
            rowKey={({ id }) => id}
            empty="Nothing is paused."
            columns={[
              {
                head: 'What',
                cell: ({ scope, name }) => (scope === 'all' ? 'everything' : `${scope} ${name}`),
              },
              { head: 'Why', cell: ({ reason }) => <span className="break">{reason}</span> },
              { head: 'By', cell: ({ by }) => by },
              { head: 'Since', cell: ({ at }) => <Moment at={at} /> },
              { head: '', cell: (pause) => <ResumeButton pause={pause} /> },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}

/** What a queue does, and when it is paused what stops. */
const QUEUES: Readonly<Record<string, string>> = {
  stage: 'reads changed records from HQ and writes staging files',
  merge: 'merges staged records into the tables on Spark',
  aggregation: 'computes months that were asked for',
  schedule: 'computes months that are due',
  reprocess: 'plans pages of records that are read again',
};

function Queues({ queues }: { queues: Known['queues'] }): ReactElement {
  return (
    <Panel title="Queues" flush>
      <Rows
        label="Queues"
        rows={queues}
        rowKey={({ name }) => name}
        empty="No queue is known. Start `dimagi-lake up`."
        columns={[
          {
            head: 'Queue',
            cell: ({ name }) => (
              <>
                {name}
                <Text fz="xs" c="dimmed">
                  {QUEUES[name] ?? ''}
                </Text>
              </>
            ),
          },
          {
            head: 'State',
            cell: ({ paused, running }) =>
              paused ? (
                <State tone="warning">paused</State>
              ) : running > 0 ? (
                <State tone="busy">at work</State>
              ) : (
                <State tone="ok">idle</State>
              ),
          },
          { head: 'Waiting', isNumber: true, cell: ({ waiting }) => count(waiting) },
          { head: 'Running', isNumber: true, cell: ({ running }) => count(running) },
          { head: 'Later', isNumber: true, cell: ({ delayed }) => count(delayed) },
          { head: '', cell: ({ name }) => name in QUEUES && <PauseButton scope="queue" name={name} /> },
        ]}
      />
    </Panel>
  );
}

function Processes({ processes }: { processes: Known['processes'] }): ReactElement {
  return (
    <Panel title="Our processes" flush>
      <Rows
        label="Our processes"
        rows={processes}
        rowKey={({ owner }) => owner}
        empty="No process has a lease: nothing is ingested. Start `dimagi-lake up`."
        columns={[
          { head: 'Process', cell: ({ owner }) => <span className="break">{owner}</span> },
          { head: 'Does', cell: ({ roles }) => roles.join(', ') },
          { head: 'Seen', cell: ({ seenAt }) => <Moment at={seenAt} /> },
        ]}
      />
    </Panel>
  );
}
