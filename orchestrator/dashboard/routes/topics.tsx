import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Answer } from '../components/answer.js';
import { TopicLink, To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { PauseButton } from '../components/pause-acts.js';
import { Rows } from '../components/rows.js';
import { Standing, State } from '../components/state.js';
import { count, duration } from '../lib/format.js';
import { topicsQuery } from '../lib/queries.js';

/** Every topic: how far behind, why, and for how long. */
export function Topics(): ReactElement {
  const query = useQuery(topicsQuery);
  return (
    <Page title="Topics">
      <Panel flush>
        <Answer query={query}>
          {({ topics, kafka }) => (
            <>
              {!kafka.reachable && (
                <div style={{ padding: '12px 16px 4px' }}>
                  <State tone="bad">Kafka does not answer</State> {kafka.reason} What is known from the ledger
                  is shown; the lag is not known.
                </div>
              )}
              <Rows
                label="Topics"
                rows={topics}
                rowKey={(topic) => topic.name}
                empty="No topic is read yet. Start `dimagi-lake up` or `dimagi-lake ingestion <topic>`."
                columns={[
                  { head: 'Topic', cell: ({ name }) => <TopicLink topic={name} /> },
                  { head: 'State', cell: (topic) => <Standing {...topic} /> },
                  { head: 'Lag', isNumber: true, cell: ({ lag }) => count(lag) },
                  { head: 'Behind by', isNumber: true, cell: ({ lagSeconds }) => duration(lagSeconds) },
                  {
                    head: 'Caught up in',
                    isNumber: true,
                    cell: ({ lag, secondsToCatchUp }) =>
                      lag === 0 ? 'caught up' : duration(secondsToCatchUp),
                  },
                  {
                    head: 'Messages/s',
                    isNumber: true,
                    cell: ({ messagesPerSecond }) =>
                      messagesPerSecond === null ? '–' : messagesPerSecond.toFixed(1),
                  },
                  { head: 'Open batches', isNumber: true, cell: ({ openBatches }) => count(openBatches) },
                  {
                    head: 'Set aside',
                    isNumber: true,
                    cell: ({ name, quarantined }) =>
                      quarantined === 0 ? (
                        '0'
                      ) : (
                        <To to="/quarantine" query={{ topic: name }}>
                          {count(quarantined)}
                        </To>
                      ),
                  },
                  { head: 'Newest commit', cell: ({ newestCommitAt }) => <Moment at={newestCommitAt} /> },
                  { head: '', cell: ({ name }) => <PauseButton scope="topic" name={name} /> },
                ]}
              />
            </>
          )}
        </Answer>
      </Panel>
    </Page>
  );
}
