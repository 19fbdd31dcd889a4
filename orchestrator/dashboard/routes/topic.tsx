import { SegmentedControl, Stack, Text } from '@mantine/core';
import { lazy, Suspense, type ReactElement } from 'react';
import { useParams } from 'react-router';
import { Answer, Bars } from '../components/answer.js';
import { CausePanel } from '../components/cause-panel.js';
import { CliLine } from '../components/copy.js';
import { Facts } from '../components/facts.js';
import { TableLink, To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { PauseButton } from '../components/pause-acts.js';
import { Standing } from '../components/state.js';
import { TopicPartitions } from '../components/topic-partitions.js';
import { TopicTroubles } from '../components/topic-troubles.js';
import type { Throughput, TopicDetail } from '../lib/answers.js';
import { count, duration } from '../lib/format.js';
import { LAG_REFRESH_MS, useAnswer } from '../lib/queries.js';
import { useFilters } from '../lib/url-state.js';

const ThroughputChart = lazy(async () => ({
  default: (await import('../components/throughput-chart.js')).ThroughputChart,
}));

/** One topic: what stops it and the way to mend it first, then pace, partitions. */
export function Topic(): ReactElement {
  const { topic = '' } = useParams();
  const path = `/topics/${encodeURIComponent(topic)}`;
  const query = useAnswer<TopicDetail>('topic', path, {}, { refetchMs: () => LAG_REFRESH_MS });
  const detail = query.data;
  return (
    <Page
      title={topic}
      crumbs={[{ name: 'Topics', to: '/topics' }]}
      beside={detail !== undefined && <Standing {...detail.topic} />}
      acts={<PauseButton scope="topic" name={topic} />}
    >
      <Answer query={query} bars={8}>
        {({ topic: facts, cause, haltedTables, partitions, cli }) => (
          <Stack gap="md">
            {cause !== null && <CausePanel cause={cause} />}
            <TopicTroubles topic={topic} haltedTables={haltedTables} />
            <Panel>
              <Facts
                facts={[
                  ['Lag', `${count(facts.lag)} messages`],
                  ['Behind by', duration(facts.lagSeconds)],
                  ['Caught up in', facts.lag === 0 ? 'caught up' : duration(facts.secondsToCatchUp)],
                  [
                    'Pace',
                    facts.messagesPerSecond === null
                      ? '–'
                      : `${facts.messagesPerSecond.toFixed(1)} messages/s`,
                  ],
                  [
                    'Open batches',
                    <To key="open" to="/jobs" query={{ topic }}>
                      {count(facts.openBatches)}
                    </To>,
                  ],
                  ['Newest commit', <Moment key="commit" at={facts.newestCommitAt} />],
                ]}
              />
            </Panel>
            <Pace path={path} />
            <Panel title="Partitions" flush>
              <TopicPartitions partitions={partitions} />
            </Panel>
            {haltedTables.length > 0 && (
              <Panel title="Halted tables">
                <Text fz="sm">
                  {haltedTables.map((name, at) => (
                    <span key={name}>
                      {at > 0 && ', '}
                      <TableLink name={name} />
                    </span>
                  ))}
                </Text>
              </Panel>
            )}
            <CliLine cli={cli} />
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

function Pace({ path }: { path: string }): ReactElement {
  const { filters, set } = useFilters();
  const hours = filters['hours'] ?? '6';
  const query = useAnswer<Throughput>('topic', `${path}/throughput`, { hours }, { keep: true });
  return (
    <Panel
      title="Messages committed per minute"
      beside={
        <SegmentedControl
          size="xs"
          aria-label="Time shown"
          value={hours}
          onChange={(value) => {
            set({ hours: value });
          }}
          data={[
            { value: '1', label: '1 h' },
            { value: '6', label: '6 h' },
            { value: '24', label: '24 h' },
            { value: '72', label: '3 d' },
          ]}
        />
      }
    >
      <Answer query={query}>
        {({ points }) => (
          <Suspense fallback={<Bars many={5} />}>
            <ThroughputChart points={points} />
          </Suspense>
        )}
      </Answer>
    </Panel>
  );
}
