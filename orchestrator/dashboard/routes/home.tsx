import { Button, Grid, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { Answer, Empty } from '../components/answer.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { RetryButton } from '../components/job-acts.js';
import { To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Rows } from '../components/rows.js';
import { Standing, State, ToneIcon, type Tone } from '../components/state.js';
import type { Overview } from '../lib/answers.js';
import { count, duration, month } from '../lib/format.js';
import { overviewQuery } from '../lib/queries.js';

/** How it stands, in one line; then what stands behind it. */
export function Home(): ReactElement {
  const query = useQuery(overviewQuery);
  return (
    <Page title="Home" hideHeading>
      <Answer query={query} bars={9}>
        {(overview) => (
          <Stack gap="md">
            <Verdict verdict={overview.verdict} />
            <Counts overview={overview} />
            <Failing failing={overview.failing} />
            <Grid gap="md">
              <Grid.Col span={{ base: 12, lg: 7 }}>
                <Lag topics={overview.topics} />
              </Grid.Col>
              <Grid.Col span={{ base: 12, lg: 5 }}>
                <Stack gap="md">
                  <Freshness domains={overview.domains} />
                  <NextRuns runs={overview.nextRuns} />
                </Stack>
              </Grid.Col>
            </Grid>
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

/** What fits in large type; the rest of a long verdict (the reason, word for word) stands below it. */
const HEAD_CHARACTERS = 100;

function Verdict({ verdict: { health, text } }: { verdict: Overview['verdict'] }): ReactElement {
  const cut = text.length > HEAD_CHARACTERS ? text.lastIndexOf(': ', HEAD_CHARACTERS) : -1;
  const [head, detail] = cut === -1 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 2)];
  return (
    <div className={`verdict tone-${health}`} role="status">
      <ToneIcon tone={health} size={34} />
      <div>
        <h1>{head}</h1>
        {detail !== '' && <div className="break">{detail}</div>}
      </div>
    </div>
  );
}

function Counts({ overview }: { overview: Overview }): ReactElement {
  const figures = [
    { name: 'running', value: overview.running, to: '/jobs?state=running' },
    { name: 'waiting', value: overview.waiting, to: '/jobs?state=waiting' },
    { name: 'records set aside', value: overview.quarantined, to: '/quarantine' },
    { name: overview.pauses === 1 ? 'pause' : 'pauses', value: overview.pauses, to: '/cluster' },
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
      {figures.map(({ name, value, to }) => (
        <Link key={name} to={to} className="panel figure">
          <b>{count(value)}</b> {name}
        </Link>
      ))}
    </SimpleGrid>
  );
}

function Failing({ failing }: { failing: Overview['failing'] }): ReactElement {
  return (
    <Panel title="Failing now">
      {failing.length === 0 ? (
        <Group gap={8} c="var(--ok)">
          <ToneIcon tone="ok" size={18} />
          <Text fz="sm">Nothing fails.</Text>
        </Group>
      ) : (
        <Stack gap={0}>
          {failing.map((each) => (
            <FailingOne key={`${each.what} ${each.href}`} {...each} />
          ))}
        </Stack>
      )}
    </Panel>
  );
}

const JOB_PAGE = /^\/jobs\/((?:batch|aggregation|request|reprocess|reconcile)-\d+)$/;

function FailingOne({ what, since, cause, href }: Overview['failing'][number]): ReactElement {
  const job = JOB_PAGE.exec(href)?.[1];
  return (
    <div className="failing">
      <span className="text-bad" style={{ marginTop: 2 }}>
        <ToneIcon tone="bad" size={18} />
      </span>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Text fz="sm" fw={600} className="break">
          <To to={href}>{what}</To>
          {since !== null && (
            <Text span fz="xs" c="dimmed" fw={400} ml={8}>
              <Moment at={since} />
            </Text>
          )}
        </Text>
        <Text fz="sm" className="break">
          {cause.sentence}
        </Text>
        <Text fz="sm" c="dimmed" className="break">
          {cause.mend}
        </Text>
      </div>
      <Group gap={6} wrap="nowrap">
        {job !== undefined && <RetryButton id={job} title={what} />}
        <Button
          component={Link}
          to={href}
          size="xs"
          variant="filled"
          rightSection={<IconArrowRight size={14} aria-hidden />}
        >
          Look into it
        </Button>
      </Group>
    </div>
  );
}

function Lag({ topics }: { topics: Overview['topics'] }): ReactElement {
  return (
    <Panel title="Topics" flush>
      <Rows
        label="Topics"
        rows={topics}
        rowKey={(topic) => topic.name}
        empty="No topic is read yet. It appears with its first message."
        columns={[
          { head: 'Topic', cell: ({ name }) => <To to={topicPath(name)}>{name}</To> },
          { head: 'State', cell: (topic) => <Standing {...topic} /> },
          { head: 'Lag', isNumber: true, cell: (topic) => <LagNumber topic={topic} /> },
          { head: 'Behind by', isNumber: true, cell: (topic) => <Behind topic={topic} /> },
          {
            head: 'Caught up in',
            isNumber: true,
            cell: ({ lag, secondsToCatchUp }) =>
              lag === 0
                ? 'caught up'
                : secondsToCatchUp === null
                  ? 'not at this pace'
                  : duration(secondsToCatchUp),
          },
        ]}
      />
    </Panel>
  );
}

function topicPath(name: string): string {
  return `/topics/${encodeURIComponent(name)}`;
}

/** What is wrong is a link: a red lag leads to what stops the topic. */
function LagNumber({ topic: { name, lag, health } }: { topic: Overview['topics'][number] }): ReactElement {
  if (lag === null) return <span title="Kafka does not answer">not known</span>;
  if (health === 'ok' || health === 'busy') return <>{count(lag)}</>;
  return <WhyLink name={name} tone={health} words={count(lag)} />;
}

function Behind({
  topic: { name, lag, lagSeconds, health },
}: {
  topic: Overview['topics'][number];
}): ReactElement {
  const words = duration(lagSeconds);
  if (lag !== null || lagSeconds === null || health === 'ok' || health === 'busy') return <>{words}</>;
  return <WhyLink name={name} tone={health} words={words} />;
}

function WhyLink({ name, tone, words }: { name: string; tone: Tone; words: string }): ReactElement {
  return (
    <Link
      to={topicPath(name)}
      aria-label={`${name} is behind: ${words}, see why`}
      style={{ textDecoration: 'none' }}
    >
      <State tone={tone}>{words}</State>
    </Link>
  );
}

function Freshness({ domains }: { domains: Overview['domains'] }): ReactElement {
  return (
    <Panel title="Freshness" flush>
      <Rows
        label="Freshness of each domain"
        rows={domains}
        rowKey={(domain) => domain.domain}
        empty="No table is there yet."
        columns={[
          {
            head: 'Domain',
            cell: ({ domain, tables, halted }) => (
              <>
                <To to="/tables" query={{ domain }}>
                  {domain}
                </To>
                <Text fz="xs" c="dimmed" className="nowrap">
                  {count(tables)} tables
                  {halted > 0 && <span className="text-bad">, {count(halted)} halted</span>}
                </Text>
              </>
            ),
          },
          {
            head: 'Change waits',
            isNumber: true,
            cell: ({ freshnessSeconds }) => (freshnessSeconds === 0 ? 'none' : duration(freshnessSeconds)),
          },
          {
            head: 'Months',
            cell: ({ domain, staleMonths, failedMonths }) => (
              <To to={`/months/${encodeURIComponent(domain)}`}>
                {failedMonths > 0 ? (
                  <State tone="bad">{count(failedMonths)} failed</State>
                ) : staleMonths > 0 ? (
                  <State tone="warning">{count(staleMonths)} stale</State>
                ) : (
                  <State tone="ok">fresh</State>
                )}
              </To>
            ),
          },
        ]}
      />
    </Panel>
  );
}

function NextRuns({ runs }: { runs: Overview['nextRuns'] }): ReactElement {
  return (
    <Panel title="Next runs" beside={<To to="/schedules">All</To>}>
      {runs.length === 0 ? (
        <Empty>No domain has a schedule. Give it one in lake.yaml, under aggregations.</Empty>
      ) : (
        <Stack gap={6}>
          {runs.map((run) => (
            <Group key={`${run.domain} ${run.month}`} justify="space-between" fz="sm" wrap="nowrap" gap="sm">
              <span className="clip">
                {month(run.month)} of {run.domain}
              </span>
              <Text fz="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                <Moment at={run.dueAt} />, {run.timeZone}
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Panel>
  );
}
