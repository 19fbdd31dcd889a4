import { Group, Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, type ReactElement } from 'react';
import { useNavigate } from 'react-router';
import { Answer, Empty } from '../components/answer.js';
import { tablePath, To } from '../components/links.js';
import { Moment } from '../components/moment.js';
import { Page } from '../components/page.js';
import type { ColumnOf } from '../components/rows.js';
import { SearchBox } from '../components/search-box.js';
import { Standing } from '../components/state.js';
import { VirtualRows } from '../components/virtual-rows.js';
import type { Table, TablePage } from '../lib/answers.js';
import { count, duration } from '../lib/format.js';
import { domainsQuery } from '../lib/queries.js';
import { usePages } from '../lib/use-pages.js';
import { useRowKeys } from '../lib/use-row-keys.js';
import { useFilters } from '../lib/url-state.js';

/** So many that a lake of a thousand tables comes in two answers. */
const PAGE = 500;

const COLUMNS: readonly ColumnOf<Table>[] = [
  { head: 'State', width: '128px', cell: (table) => <Standing {...table} /> },
  {
    head: 'Table',
    sort: 'name',
    cell: ({ database, name }) => (
      <To to={tablePath(database, name)} title={`${database}.${name}`}>
        {name}
      </To>
    ),
  },
  { head: 'Domain', width: '14%', cell: ({ domain }) => <span title={domain}>{domain}</span> },
  { head: 'Rows', width: '100px', isNumber: true, sort: 'rows', cell: ({ rows }) => count(rows) },
  { head: 'Columns', width: '92px', isNumber: true, cell: ({ columns }) => count(columns) },
  {
    head: 'Change waits',
    width: '126px',
    isNumber: true,
    sort: 'freshness',
    cell: ({ freshnessSeconds }) => (freshnessSeconds === 0 ? 'none' : duration(freshnessSeconds)),
  },
  {
    head: 'Last commit',
    width: '122px',
    isNumber: true,
    sort: 'lastCommit',
    cell: ({ lastCommitAt }) => <Moment at={lastCommitAt} />,
  },
  { head: 'Set aside', width: '98px', isNumber: true, cell: ({ quarantined }) => count(quarantined) },
];

/** Every table: searched and sorted by the server, only the rows in sight are made. */
export function Tables(): ReactElement {
  const { filters, set } = useFilters();
  const go = useNavigate();
  const search = useRef<HTMLInputElement>(null);
  const domains = useQuery(domainsQuery);
  const { q = '', domain, state, sort = 'name' } = filters;
  const query = usePages<TablePage>('tables', '/tables', { q, domain, state, sort, limit: PAGE });
  const tables = useMemo(() => query.data?.flatMap((page) => page.tables) ?? [], [query.data]);
  const current = useRowKeys(
    tables.length,
    (row) => {
      const table = tables[row];
      if (table !== undefined) void go(tablePath(table.database, table.name));
    },
    search,
  );
  return (
    <Page title="Tables">
      <Group gap="sm" mb="sm">
        <SearchBox
          label="Search tables"
          placeholder="Table, type or xmlns"
          value={q}
          onSearch={(words) => {
            set({ q: words }, 'replace');
          }}
          inputRef={search}
        />
        <Select
          aria-label="Domain"
          placeholder="Every domain"
          data={domains.data?.domains ?? []}
          value={domain ?? null}
          onChange={(value) => {
            set({ domain: value ?? '' });
          }}
          searchable
          clearable
          w={210}
        />
        <Select
          aria-label="State"
          placeholder="Every state"
          data={['running', 'paused', 'halted']}
          value={state ?? null}
          onChange={(value) => {
            set({ state: value ?? '' });
          }}
          clearable
          w={140}
        />
      </Group>
      <div className="panel">
        <Answer query={query} bars={12}>
          {(pages) =>
            tables.length === 0 ? (
              <Empty>
                {q !== '' || domain !== undefined || state !== undefined
                  ? 'No table fits. Take a filter out, or search for a part of the name.'
                  : 'No table yet. The first record of an allowed type makes one.'}
              </Empty>
            ) : (
              <VirtualRows
                label="Tables"
                rows={tables}
                total={pages[0]?.total}
                columns={COLUMNS}
                rowKey={({ database, name }) => `${database}.${name}`}
                sorting={{
                  by: sort,
                  set: (by) => {
                    set({ sort: by });
                  },
                }}
                current={current}
                onNearEnd={query.more}
              />
            )
          }
        </Answer>
      </div>
      <Text fz="xs" c="dimmed" mt={6}>
        {query.data === undefined ? '' : `${count(query.data[0]?.total ?? 0)} tables. `}Keys: <kbd>/</kbd>{' '}
        search, <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> open.
      </Text>
    </Page>
  );
}
