import { Text } from '@mantine/core';
import { useMemo, type ReactElement } from 'react';
import type { TableDetail } from '../lib/answers.js';
import { useFilters } from '../lib/url-state.js';
import { Empty } from './answer.js';
import { Copy } from './copy.js';
import { SearchBox } from './search-box.js';
import { VirtualRows } from './virtual-rows.js';

type Column = TableDetail['columns'][number];

export function TableColumns({ columns }: { columns: readonly Column[] }): ReactElement {
  const { filters, set } = useFilters();
  const wanted = (filters['column'] ?? '').toLowerCase();
  const shown = useMemo(
    () =>
      columns.filter(
        ({ name, comment }) =>
          name.toLowerCase().includes(wanted) || (comment ?? '').toLowerCase().includes(wanted),
      ),
    [columns, wanted],
  );
  return (
    <>
      <div style={{ display: 'flex', marginBottom: 10, maxWidth: 480 }}>
        <SearchBox
          label="Search columns"
          placeholder="Column or comment"
          value={filters['column'] ?? ''}
          onSearch={(words) => {
            set({ column: words }, 'replace');
          }}
        />
      </div>
      <div className="panel">
        {shown.length === 0 ? (
          <Empty>{columns.length === 0 ? 'The table has no column yet.' : 'No column fits.'}</Empty>
        ) : (
          <VirtualRows
            label="Columns"
            rows={shown}
            rowKey={({ name }) => name}
            columns={[
              {
                head: 'Column',
                width: '38%',
                cell: ({ name }) => (
                  <span title={name}>
                    <Copy text={name} what={name} /> {name}
                  </span>
                ),
              },
              { head: 'Type', width: '22%', cell: ({ type }) => <span title={type}>{type}</span> },
              { head: 'Declared', width: '14%', cell: ({ declared }) => declared ?? '' },
              {
                head: 'Comment',
                cell: ({ comment }) => (
                  <Text fz="sm" span c="dimmed" title={comment ?? undefined}>
                    {comment ?? ''}
                  </Text>
                ),
              },
            ]}
          />
        )}
      </div>
    </>
  );
}
