import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { JobDetail } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { Answer } from './answer.js';
import { Facts } from './facts.js';
import { CancelButton } from './job-acts.js';
import { JobFamily } from './job-family.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { StateOf } from './state.js';

const LIVE_MS = 3000;

/** How far a reprocess is; the same as its job's page, which stays when this one is left. */
export function ReprocessProgress({
  jobId,
  message,
  another,
}: {
  jobId: string | null;
  message: string;
  another: () => void;
}): ReactElement {
  return (
    <Stack gap="md">
      <Panel title="Started">
        <Text fz="sm" mb="sm" role="status">
          {message}
        </Text>
        {jobId !== null && <Job id={jobId} />}
        <Group gap="xs" mt="md">
          {jobId !== null && (
            <Button component={Link} to={`/jobs/${jobId}`} size="xs">
              Open {jobId}
            </Button>
          )}
          <Button variant="default" size="xs" onClick={another}>
            Another one
          </Button>
        </Group>
      </Panel>
    </Stack>
  );
}

function Job({ id }: { id: string }): ReactElement {
  const query = useAnswer<JobDetail>(
    'job',
    `/jobs/${id}`,
    {},
    { refetchMs: (known) => known?.job.endedAt === null && LIVE_MS },
  );
  return (
    <Answer query={query} bars={3}>
      {({ job, children, can }) => (
        <Stack gap="md">
          <Facts
            facts={[
              ['State', <StateOf key="state" state={job.state} />],
              ['Pages so far', count(children.length)],
              ['Pages done', count(children.filter(({ state }) => state === 'done').length)],
              ['Began', <Moment key="began" at={job.startedAt ?? job.createdAt} />],
            ]}
          />
          <JobFamily title="Newest pages" jobs={children} />
          <Group>
            <CancelButton
              id={id}
              title={job.title}
              blocked={can.cancel ? undefined : `It is ${job.state}: there is nothing to stop.`}
            />
          </Group>
        </Stack>
      )}
    </Answer>
  );
}
