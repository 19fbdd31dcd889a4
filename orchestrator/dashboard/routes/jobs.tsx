import { Button, Group, Select, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useMemo, useRef, type ReactElement } from 'react';
import { useNavigate } from 'react-router';
import { Answer, Empty } from '../components/answer.js';
import { JobFacetList } from '../components/job-facets.js';
import { To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import type { ColumnOf } from '../components/rows.js';
import { SearchBox } from '../components/search-box.js';
import { StateOf } from '../components/state.js';
import { VirtualRows } from '../components/virtual-rows.js';
import type { Job, JobFacets, JobPage } from '../lib/answers.js';
import { useNow } from '../lib/clock.js';
import { count, duration, month } from '../lib/format.js';
import { jobFilters, WITHIN } from '../lib/job-filters.js';
import { useAnswer } from '../lib/queries.js';
import { usePages } from '../lib/use-pages.js';
import { useRowKeys } from '../lib/use-row-keys.js';
import { useFilters } from '../lib/url-state.js';

const PAGE = 100;

const COLUMNS: readonly ColumnOf<Job>[] = [
  { head: 'State', width: '124px', cell: ({ state }) => <StateOf state={state} /> },
  {
    head: 'Job',
    cell: ({ id, title, failure }) => (
      <>
        <To to={`/jobs/${id}`} title={title}>
          {title}
        </To>
        {failure !== null && (
          <Text fz="xs" span c="dimmed" ml={8} title={failure}>
            {failure}
          </Text>
        )}
      </>
    ),
  },
  { head: 'Id', width: '118px', cell: ({ id }) => id },
  { head: 'Where', width: '15%', cell: (job) => <Where {...job} /> },
  { head: 'Tries', width: '66px', isNumber: true, cell: ({ attempts }) => count(attempts) },
  { head: 'Asked', width: '112px', isNumber: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { head: 'Took', width: '106px', isNumber: true, cell: (job) => <Took {...job} /> },
];

/** All jobs there ever were, by words and facets. */
export function Jobs(): ReactElement {
  const { filters: address, set } = useFilters();
  const go = useNavigate();
  const search = useRef<HTMLInputElement>(null);
  const now = useNow();
  const filters = jobFilters(address, now);
  const query = usePages<JobPage>('jobs', '/jobs', { ...filters, limit: PAGE });
  const facets = useAnswer<JobFacets>('jobs', '/jobs/facets', filters, { keep: true });
  const jobs = useMemo(() => query.data?.flatMap((page) => page.jobs) ?? [], [query.data]);
  const current = useRowKeys(
    jobs.length,
    (row) => {
      const job = jobs[row];
      if (job !== undefined) void go(`/jobs/${job.id}`);
    },
    search,
  );
  return (
    <Page title="Jobs">
      <Group gap="sm" mb="sm">
        <SearchBox
          label="Search jobs"
          placeholder="Words that all occur: id, table, reason, driver, record id"
          value={address['q'] ?? ''}
          onSearch={(words) => {
            set({ q: words }, 'replace');
          }}
          inputRef={search}
        />
        <Select
          aria-label="Time"
          placeholder="Any time"
          data={WITHIN.map(({ value, label }) => ({ value, label }))}
          value={address['within'] ?? null}
          onChange={(value) => {
            set({ within: value ?? '' });
          }}
          clearable
          w={160}
        />
      </Group>
      <Chosen address={address} set={set} />
      <div className="jobs-layout">
        <aside aria-label="Filters">
          <Answer query={facets} bars={10}>
            {(known) => (
              <JobFacetList
                facets={known}
                chosen={address}
                choose={(name, value) => {
                  set({ [name]: value });
                }}
              />
            )}
          </Answer>
        </aside>
        <div style={{ minWidth: 0 }}>
          <div className="panel">
            <Answer query={query} bars={12}>
              {() =>
                jobs.length === 0 ? (
                  <Empty>
                    {Object.keys(address).length > 0
                      ? 'No job fits. Take a filter out, or search for fewer words.'
                      : 'There is no job yet. The first change that HQ announces makes one.'}
                  </Empty>
                ) : (
                  <VirtualRows
                    label="Jobs"
                    rows={jobs}
                    columns={COLUMNS}
                    rowKey={({ id }) => id}
                    current={current}
                    onNearEnd={query.more}
                  />
                )
              }
            </Answer>
          </div>
          <Text fz="xs" c="dimmed" mt={6}>
            Newest first. Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> open.
            The address holds search and filters: keep or share it.
          </Text>
        </div>
      </div>
    </Page>
  );
}

/** Filters that no facet shows, each with its way out. */
function Chosen({
  address,
  set,
}: {
  address: Readonly<Record<string, string>>;
  set: (changes: Readonly<Record<string, string | undefined>>) => void;
}): ReactElement | null {
  const shown = ['table', 'month', 'since', 'until'].filter((name) => address[name] !== undefined);
  if (shown.length === 0) return null;
  return (
    <Group gap={6} mb="sm">
      {shown.map((name) => (
        <Button
          key={name}
          size="compact-xs"
          variant="default"
          rightSection={<IconX size={12} aria-hidden />}
          aria-label={`Take out ${name} ${address[name] ?? ''}`}
          onClick={() => {
            set({ [name]: undefined });
          }}
        >
          {name}: {address[name]}
        </Button>
      ))}
    </Group>
  );
}

function Where({ topic, domain, tables, month: of }: Job): ReactElement {
  const words = [topic, domain, tables.length === 1 ? tables[0] : null, of === null ? null : month(of)];
  const text = words.filter((word) => word !== null && word !== undefined).join(', ');
  return <span title={text}>{text}</span>;
}

function Took({ startedAt, endedAt }: Job): ReactElement {
  const now = useNow();
  if (startedAt === null) return <>–</>;
  const until = endedAt === null ? now : Date.parse(endedAt);
  return (
    <>
      {duration((until - Date.parse(startedAt)) / 1000)}
      {endedAt === null && ' …'}
    </>
  );
}
