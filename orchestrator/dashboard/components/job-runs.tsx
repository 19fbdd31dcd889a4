import { Anchor, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { SparkRun } from '../lib/answers.js';
import { duration } from '../lib/format.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

/** Every time the job was given to Spark. */
export function JobRuns({ runs }: { runs: readonly SparkRun[] }): ReactElement {
  return (
    <Panel flush>
      <Rows
        label="Runs on Spark"
        rows={runs}
        rowKey={({ id }) => id}
        empty="It was not given to Spark yet."
        columns={[
          { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
          {
            head: 'Run',
            cell: ({ id, reason }) => (
              <span className="break">
                {id}
                {reason !== null && (
                  <Text fz="xs" className="text-bad break">
                    {reason}
                  </Text>
                )}
              </span>
            ),
          },
          {
            head: 'Driver',
            cell: ({ driver, submissionId }) => (
              <span className="break">
                {submissionId ?? '–'}
                {driver !== null && driver !== submissionId && (
                  <Text fz="xs" c="dimmed">
                    {driver}
                  </Text>
                )}
              </span>
            ),
          },
          { head: 'Given', cell: ({ createdAt }) => <Moment at={createdAt} /> },
          {
            head: 'Driver came after',
            isNumber: true,
            cell: ({ createdAt, claimedAt }) => between(createdAt, claimedAt),
          },
          {
            head: 'Ran',
            isNumber: true,
            cell: ({ claimedAt, finishedAt }) => (claimedAt === null ? '–' : between(claimedAt, finishedAt)),
          },
          {
            head: 'Spark UI',
            cell: ({ sparkUi }) =>
              sparkUi === null ? (
                <Text fz="sm" c="dimmed">
                  gone with the driver
                </Text>
              ) : (
                <Anchor href={sparkUi} target="_blank" rel="noreferrer" fz="sm">
                  Open <IconExternalLink size={13} aria-hidden />
                </Anchor>
              ),
          },
        ]}
      />
    </Panel>
  );
}

function between(from: string, until: string | null): string {
  return until === null ? '–' : duration((Date.parse(until) - Date.parse(from)) / 1000);
}
