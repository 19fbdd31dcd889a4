import { Progress, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Cluster } from '../lib/answers.js';
import { bytes, count } from '../lib/format.js';
import { To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { State, StateOf } from './state.js';

const MB = 1024 * 1024;

/** Spark: masters, workers and how full they are, drivers that run. */
export function ClusterSpark({ cluster }: { cluster: Cluster }): ReactElement {
  const { reachable, reason, masters, workers, drivers } = cluster;
  return (
    <Stack gap="md">
      <Panel title="Spark" flush>
        {!reachable && (
          <Text fz="sm" px="md" py={8} component="div">
            <State tone="bad">No master answers</State> {reason === null ? '' : `${reason}. `}What waits for
            Spark goes on by itself when one does.
          </Text>
        )}
        {(reachable || masters.length > 0) && (
          <Rows
            label="Masters"
            rows={masters}
            rowKey={({ url }) => url}
            empty="No master is known."
            columns={[
              { head: 'Master', cell: ({ url }) => <span className="break">{url}</span> },
              { head: 'State', cell: ({ status }) => <StateOf state={status} /> },
            ]}
          />
        )}
      </Panel>
      <Panel title="Workers" flush>
        <Rows
          label="Workers"
          rows={workers}
          rowKey={({ id }) => id}
          empty={reachable ? 'No worker has joined: nothing can run on Spark.' : 'Not known.'}
          columns={[
            {
              head: 'Worker',
              cell: ({ id, host }) => (
                <>
                  {host}
                  <Text fz="xs" c="dimmed" className="break">
                    {id}
                  </Text>
                </>
              ),
            },
            { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
            {
              head: 'Cores in use',
              cell: ({ cores, coresUsed, host }) => (
                <Fill
                  used={coresUsed}
                  of={cores}
                  words={`${count(coresUsed)} of ${count(cores)}`}
                  what={`cores of ${host}`}
                />
              ),
            },
            {
              head: 'Memory in use',
              cell: ({ memoryMb, memoryUsedMb, host }) => (
                <Fill
                  used={memoryUsedMb}
                  of={memoryMb}
                  words={`${bytes(memoryUsedMb * MB)} of ${bytes(memoryMb * MB)}`}
                  what={`memory of ${host}`}
                />
              ),
            },
          ]}
        />
      </Panel>
      <Panel title="Drivers" flush>
        <Rows
          label="Drivers"
          rows={drivers}
          rowKey={({ id }) => id}
          empty={reachable ? 'No driver runs now.' : 'Not known.'}
          columns={[
            { head: 'Driver', cell: ({ id }) => <span className="break">{id}</span> },
            { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
            { head: 'Started', cell: ({ startedAt }) => <Moment at={startedAt} /> },
            {
              head: 'Job',
              cell: ({ job }) =>
                job === null ? (
                  'waits for one'
                ) : (
                  <To to={`/jobs/${job}`} className="nowrap">
                    {job}
                  </To>
                ),
            },
          ]}
        />
      </Panel>
    </Stack>
  );
}

function Fill({
  used,
  of,
  words,
  what,
}: {
  used: number;
  of: number;
  words: string;
  what: string;
}): ReactElement {
  return (
    <div style={{ minWidth: 150 }}>
      <Text fz="sm">{words}</Text>
      <Progress value={of === 0 ? 0 : (100 * used) / of} size="sm" color="var(--bar-run)" aria-label={what} />
    </div>
  );
}
