import { SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { Answer, Empty } from '../components/answer.js';
import { Facts } from '../components/facts.js';
import { To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { PauseButton } from '../components/pause-acts.js';
import { Rows } from '../components/rows.js';
import { StateOf } from '../components/state.js';
import type { Schedule, Schedules as Known } from '../lib/answers.js';
import { absolute, count, month } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';

/** When each domain's months are computed next, and what came of the last ones. */
export function Schedules(): ReactElement {
  const query = useAnswer<Known>('schedules', '/schedules');
  return (
    <Page title="Schedules" acts={<PauseButton scope="queue" name="schedule" />}>
      <Answer query={query} bars={8}>
        {({ schedules }) =>
          schedules.length === 0 ? (
            <div className="panel">
              <Empty>
                No domain has a schedule. Give one in lake.yaml, under the domain: aggregations, schedule,
                with day, hour and time_zone.
              </Empty>
            </div>
          ) : (
            <Stack gap="md">
              {schedules.map((schedule) => (
                <Domain key={schedule.domain} schedule={schedule} />
              ))}
            </Stack>
          )
        }
      </Answer>
    </Page>
  );
}

function Domain({ schedule }: { schedule: Schedule }): ReactElement {
  const { domain, day, hour, timeZone, tables, closeAfter, next, runs } = schedule;
  return (
    <Panel title={domain} beside={<To to={`/months/${encodeURIComponent(domain)}`}>Its months</To>}>
      <Stack gap="md">
        <Facts
          facts={[
            ['When', `day ${day} of each month, ${String(hour).padStart(2, '0')}:00`],
            ['Time zone', timeZone],
            ['Months close after', `${count(closeAfter)} months`],
          ]}
        />
        <Text fz="sm" c="dimmed">
          {tables.length === 0 ? 'Every aggregation.' : `Aggregations: ${tables.join(', ')}.`}
        </Text>
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
          <div>
            <Text fz="sm" fw={600} mb={4}>
              Next runs
            </Text>
            <Rows
              label={`Next runs of ${domain}`}
              rows={next}
              rowKey={(run) => run.month}
              empty="None is due."
              columns={[
                { head: 'Month', cell: (run) => <span className="nowrap">{month(run.month)}</span> },
                { head: 'In', cell: ({ dueAt }) => <Moment at={dueAt} /> },
                {
                  head: 'Your time',
                  cell: ({ dueAt }) => (
                    <Text fz="sm" c="dimmed" span>
                      {absolute(dueAt)}
                    </Text>
                  ),
                },
              ]}
            />
          </div>
          <div>
            <Text fz="sm" fw={600} mb={4}>
              Last runs
            </Text>
            <Rows
              label={`Last runs of ${domain}`}
              rows={runs}
              rowKey={(run) => run.month}
              empty="It has not run yet."
              columns={[
                { head: 'Month', cell: (run) => <span className="nowrap">{month(run.month)}</span> },
                {
                  head: 'State',
                  cell: ({ state, reason, nextAttemptAt }) => (
                    <>
                      <StateOf state={state} />
                      {reason !== null && (
                        <Text fz="xs" mt={2} className="break">
                          {reason}
                        </Text>
                      )}
                      {nextAttemptAt !== null && state !== 'done' && (
                        <Text fz="xs" c="dimmed">
                          tried again <Moment at={nextAttemptAt} />
                        </Text>
                      )}
                    </>
                  ),
                },
                { head: 'Computed', isNumber: true, cell: ({ computed }) => count(computed) },
                { head: 'Attempts', isNumber: true, cell: ({ attempts }) => count(attempts) },
                { head: 'Began', cell: ({ startedAt }) => <Moment at={startedAt} /> },
              ]}
            />
          </div>
        </SimpleGrid>
      </Stack>
    </Panel>
  );
}
