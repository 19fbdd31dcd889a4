import { Button, Stack, Tabs, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { Answer } from '../components/answer.js';
import { CausePanel } from '../components/cause-panel.js';
import { CliLine } from '../components/copy.js';
import { Facts } from '../components/facts.js';
import { RetryButton } from '../components/job-acts.js';
import { To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import { Panel } from '../components/panel.js';
import { PauseButton } from '../components/pause-acts.js';
import { Standing } from '../components/state.js';
import { TableColumns } from '../components/table-columns.js';
import { TableMaintenance } from '../components/table-maintenance.js';
import { TableCommits, TableRescued, TableSchemaHistory } from '../components/table-history.js';
import type { TableDetail } from '../lib/answers.js';
import { bytes, count, duration } from '../lib/format.js';
import { jobsQuery, useAnswer } from '../lib/queries.js';
import { withQuery } from '../lib/api.js';
import { useFilters } from '../lib/url-state.js';

/** One table: what stops it, its size and freshness, columns, history, commits, values that did not fit. */
export function Table(): ReactElement {
  const { database = '', table = '' } = useParams();
  const path = `/tables/${encodeURIComponent(database)}/${encodeURIComponent(table)}`;
  const query = useAnswer<TableDetail>('table', path);
  const { filters, set } = useFilters();
  const detail = query.data;
  return (
    <Page
      title={table}
      crumbs={[
        { name: 'Tables', to: '/tables' },
        {
          name: detail?.table.domain ?? database,
          to: withQuery('/tables', { domain: detail?.table.domain }),
        },
      ]}
      beside={detail !== undefined && <Standing {...detail.table} />}
      acts={
        detail !== undefined && (
          <>
            {detail.table.kind !== 'aggregation' && (
              <Button
                component={Link}
                to={withQuery('/reprocess', { domain: detail.table.domain, table })}
                size="xs"
                variant="default"
                leftSection={<IconRefresh size={14} aria-hidden />}
              >
                Reprocess
              </Button>
            )}
            <PauseButton scope="table" name={`${database}.${table}`} />
          </>
        )
      }
    >
      <Answer query={query} bars={8}>
        {(known) => (
          <Stack gap="md">
            {known.cause !== null && <Halted detail={known} cause={known.cause} />}
            <Tabs
              value={filters['tab'] ?? 'overview'}
              onChange={(tab) => {
                set({ tab: tab === 'overview' ? '' : (tab ?? '') });
              }}
              keepMounted={false}
            >
              <Tabs.List mb="md">
                <Tabs.Tab value="overview">Overview</Tabs.Tab>
                <Tabs.Tab value="columns">Columns ({count(known.columns.length)})</Tabs.Tab>
                <Tabs.Tab value="history">Schema history</Tabs.Tab>
                <Tabs.Tab value="commits">Commits</Tabs.Tab>
                <Tabs.Tab value="rescued">Rescued values</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="overview">
                <Overview {...known} />
              </Tabs.Panel>
              <Tabs.Panel value="columns">
                <TableColumns columns={known.columns} />
              </Tabs.Panel>
              <Tabs.Panel value="history">
                <TableSchemaHistory path={path} />
              </Tabs.Panel>
              <Tabs.Panel value="commits">
                <TableCommits path={path} />
              </Tabs.Panel>
              <Tabs.Panel value="rescued">
                <TableRescued path={path} />
              </Tabs.Panel>
            </Tabs>
            <CliLine cli={known.cli} />
          </Stack>
        )}
      </Answer>
    </Page>
  );
}

/** Why it stopped, with the retry of the job that stopped it. */
function Halted({
  detail,
  cause,
}: {
  detail: TableDetail;
  cause: NonNullable<TableDetail['cause']>;
}): ReactElement {
  const { database, name } = detail.table;
  const halted = useQuery(jobsQuery({ table: `${database}.${name}`, state: 'halted', limit: 1 }));
  const job = halted.data?.jobs[0];
  return (
    <CausePanel
      cause={cause}
      acts={
        job !== undefined && (
          <>
            <Button component={Link} to={`/jobs/${job.id}`} size="xs" variant="default">
              Open {job.id}
            </Button>
            <RetryButton id={job.id} title={job.title} filled />
          </>
        )
      }
    />
  );
}

/** Paths told by name; `rescued --overflow` tells all. */
const PATHS_SHOWN = 5;

/** What a table with as many columns as it may have does with others. */
function AtLimit({ limit, names }: NonNullable<TableDetail['overflow']>): ReactElement {
  const more = names.length - PATHS_SHOWN;
  return (
    <Panel title={`It has its ${count(limit)} columns`}>
      <Text fz="sm" className="break">
        What is new gets no column (MAX_TABLE_COLUMNS): its texts stand in _overflow, by the name a column
        would have. The first of these names: {names.slice(0, PATHS_SHOWN).join(', ')}
        {more > 0 && ` and ${count(more)} or more others`}.
      </Text>
    </Panel>
  );
}

function Overview(detail: TableDetail): ReactElement {
  const { table, path, files, bytes: size, totals, maintenance, overflow } = detail;
  return (
    <Stack gap="md">
      {overflow !== null && <AtLimit {...overflow} />}
      <Panel title="Now">
        <Facts
          facts={[
            ['Rows', count(table.rows)],
            [
              'Oldest change waits',
              table.freshnessSeconds === 0 ? 'none waits' : duration(table.freshnessSeconds),
            ],
            ['Last commit', <Moment key="commit" at={table.lastCommitAt} />],
            ['Delta version', table.deltaVersion ?? '–'],
            ['Files', count(files)],
            ['Size', bytes(size)],
            [
              'Work that waits',
              <To key="jobs" to="/jobs" query={{ table: `${table.database}.${table.name}` }}>
                {count(table.openLanes)} open
              </To>,
            ],
            [
              'Records set aside',
              <To key="aside" to="/quarantine" query={{ domain: table.domain }}>
                {count(table.quarantined)}
              </To>,
            ],
          ]}
        />
      </Panel>
      <Panel title="In all">
        <Facts
          facts={[
            ['Inserted', count(totals.inserted)],
            ['Updated', count(totals.updated)],
            ['Deleted', count(totals.deleted)],
            ['Refused as older', count(totals.refused)],
            ['Batches', count(totals.batches)],
          ]}
        />
      </Panel>
      <TableMaintenance {...maintenance} />
      <Panel title="Where it is">
        <Facts
          facts={[
            ['Table', `${table.database}.${table.name}`],
            ['Domain', table.domain],
            ['Kind', table.kind],
            ['Type in HQ', table.type],
            ['Path under the lake', path],
          ]}
        />
      </Panel>
    </Stack>
  );
}
