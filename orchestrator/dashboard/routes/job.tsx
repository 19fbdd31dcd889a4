import { Stack, Tabs, Text } from '@mantine/core';
import { Fragment, type ReactElement } from 'react';
import { useParams } from 'react-router';
import { Answer } from '../components/answer.js';
import { CausePanel } from '../components/cause-panel.js';
import { CliLine } from '../components/copy.js';
import { Facts } from '../components/facts.js';
import { CancelButton, RetryButton } from '../components/job-acts.js';
import { JobAside } from '../components/job-aside.js';
import { JobFamily } from '../components/job-family.js';
import { JobLog } from '../components/job-log.js';
import { JobParts } from '../components/job-parts.js';
import { JobRuns } from '../components/job-runs.js';
import { JobScripts } from '../components/job-scripts.js';
import { TableLink, To, TopicLink } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { StateOf } from '../components/state.js';
import { Waterfall } from '../components/waterfall.js';
import type { JobDetail } from '../lib/answers.js';
import { useNow } from '../lib/clock.js';
import { count, duration, month } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { useFilters } from '../lib/url-state.js';

/** What still moves is asked again by itself: not every step of a run on Spark has an event. */
const LIVE_MS = 5000;

/** One job: why it fails and the retry on top, then where its time went, what it did, its SQL and its log. */
export function Job(): ReactElement {
  const { id = '' } = useParams();
  const query = useAnswer<JobDetail>(
    'job',
    `/jobs/${encodeURIComponent(id)}`,
    {},
    { refetchMs: (known) => known?.job.endedAt === null && LIVE_MS },
  );
  const detail = query.data;
  return (
    <Page
      title={detail?.job.title ?? id}
      crumbs={[{ name: 'Jobs', to: '/jobs' }]}
      beside={detail !== undefined && <StateOf state={detail.job.state} />}
      acts={
        detail !== undefined && (
          <>
            {detail.cause === null && <Retry detail={detail} />}
            <CancelButton
              id={id}
              title={detail.job.title}
              blocked={detail.can.cancel ? undefined : `It is ${detail.job.state}: there is nothing to stop.`}
            />
          </>
        )
      }
    >
      <Answer query={query} bars={10}>
        {(known) => (
          <Stack gap="md">
            {known.cause !== null && (
              <CausePanel cause={known.cause} acts={<Retry detail={known} filled />} />
            )}
            {known.quarantined > 0 && <JobAside job={known.job} many={known.quarantined} />}
            <Panel>
              <JobFacts {...known} />
            </Panel>
            <Panel title="Where the time went">
              <Waterfall spans={known.spans} />
            </Panel>
            {known.parts.length > 0 && <JobParts parts={known.parts} />}
            <JobFamily title="Part of" jobs={known.parents} />
            <JobFamily title="Consists of" jobs={known.children} />
            <Details detail={known} />
            <CliLine cli={known.cli} />
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

function Retry({ detail, filled = false }: { detail: JobDetail; filled?: boolean }): ReactElement {
  const { job, can } = detail;
  return (
    <RetryButton
      id={job.id}
      title={job.title}
      filled={filled && can.retry}
      blocked={can.retry ? undefined : `It is ${job.state}: there is nothing to retry.`}
    />
  );
}

function JobFacts({ job, parts, ranges, configVersion }: JobDetail): ReactElement {
  const now = useNow();
  const took =
    job.startedAt === null
      ? null
      : ((job.endedAt === null ? now : Date.parse(job.endedAt)) - Date.parse(job.startedAt)) / 1000;
  return (
    <Facts
      facts={[
        ['Id', job.id],
        ['Kind', job.kind],
        ...(job.topic === null ? [] : [['Topic', <TopicLink key="topic" topic={job.topic} />] as const]),
        ...(job.domain === null ? [] : [['Domain', job.domain] as const]),
        ...(job.month === null ? [] : [['Month', month(job.month)] as const]),
        // Parts name their tables below.
        ...(parts.length > 0 ? [] : [['Tables', <Tables key="tables" tables={job.tables} />] as const]),
        ['Asked', <Moment key="asked" at={job.createdAt} />],
        ['Took', took === null ? 'not begun' : `${duration(took)}${job.endedAt === null ? ' so far' : ''}`],
        ['Attempts', count(job.attempts)],
        ...(job.requestedBy === null ? [] : [['Asked by', job.requestedBy] as const]),
        ...(configVersion === null ? [] : [['lake.yaml version', configVersion] as const]),
        ...(ranges.length === 0
          ? []
          : [
              [
                'Offsets',
                ranges.map(({ partition, from, until }) => (
                  <Text key={partition} fz="sm">
                    {partition}: {count(from)} to {count(until)}
                  </Text>
                )),
              ] as const,
            ]),
      ]}
    />
  );
}

const MOST_NAMED = 4;

function Tables({ tables }: { tables: readonly string[] }): ReactElement {
  if (tables.length === 0) return <>–</>;
  if (tables.length > MOST_NAMED) return <>{count(tables.length)} tables</>;
  return (
    <>
      {tables.map((name, at) => (
        <Fragment key={name}>
          {at > 0 && ', '}
          <TableLink name={name} />
        </Fragment>
      ))}
    </>
  );
}

function Details({ detail }: { detail: JobDetail }): ReactElement {
  const { filters, set } = useFilters();
  const { job, runs } = detail;
  return (
    <Tabs
      value={filters['tab'] ?? 'runs'}
      onChange={(tab) => {
        set({ tab: tab === 'runs' ? '' : (tab ?? '') }, 'replace');
      }}
      keepMounted={false}
    >
      <Tabs.List mb="sm">
        <Tabs.Tab value="runs">Runs on Spark ({count(runs.length)})</Tabs.Tab>
        <Tabs.Tab value="sql">SQL</Tabs.Tab>
        <Tabs.Tab value="log">Driver log</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="runs">
        <JobRuns runs={runs} />
      </Tabs.Panel>
      <Tabs.Panel value="sql">
        <JobScripts id={job.id} />
      </Tabs.Panel>
      <Tabs.Panel value="log">
        <JobLog id={job.id} runs={runs} />
      </Tabs.Panel>
      {runs.length === 0 && job.kind === 'reprocess' && (
        <Text fz="sm" c="dimmed" mt="xs">
          Its pages run on Spark, each as a{' '}
          <To to="/jobs" query={{ kind: 'page', q: job.id }}>
            job of its own
          </To>
          .
        </Text>
      )}
    </Tabs>
  );
}
