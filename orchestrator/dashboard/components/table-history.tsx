import { Button, Text } from '@mantine/core';
import { useMemo, type ReactElement } from 'react';
import type { Commits, Rescued, SchemaHistory } from '../lib/answers.js';
import { bytes, count } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { usePages } from '../lib/use-pages.js';
import { Answer } from './answer.js';
import { To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';

const CHANGES: Readonly<Record<SchemaHistory['changes'][number]['change'], string>> = {
  added: 'new column',
  list: 'became a list',
  type: 'type changed',
  renamed: 'renamed',
  derived: 'derived column',
  dropped: 'dropped',
  limit: 'limit of columns reached',
};

/** Which record of which message, or which lake.yaml, changed a column. */
export function TableSchemaHistory({ path }: { path: string }): ReactElement {
  const query = usePages<SchemaHistory>('table', `${path}/schema-history`, { limit: 100 });
  const changes = useMemo(() => query.data?.flatMap((page) => page.changes) ?? [], [query.data]);
  return (
    <Panel flush>
      <Answer query={query} bars={6}>
        {() => (
          <Rows
            label="Schema history"
            rows={changes}
            rowKey={(change) => `${change.deltaVersion} ${change.column} ${change.change} ${change.at}`}
            empty="Nothing changed since the table was made."
            columns={[
              { head: 'When', cell: ({ at }) => <Moment at={at} /> },
              { head: 'Version', isNumber: true, cell: ({ deltaVersion }) => count(deltaVersion) },
              { head: 'Column', cell: ({ column }) => <span className="break">{column}</span> },
              { head: 'Change', cell: ({ change }) => CHANGES[change] },
              { head: 'From', cell: ({ from }) => from ?? '–' },
              { head: 'To', cell: ({ to }) => to ?? '–' },
              {
                head: 'Brought by',
                cell: ({ record, partition, offset }) =>
                  record === null ? (
                    'lake.yaml'
                  ) : (
                    <span className="break">
                      {record}
                      {offset !== null && (
                        <Text fz="xs" c="dimmed">
                          partition {partition}, offset {count(offset)}
                        </Text>
                      )}
                    </span>
                  ),
              },
              {
                head: 'Job',
                cell: ({ batch }) => (
                  <To to={`/jobs/${jobOf(batch)}`} className="nowrap">
                    {jobOf(batch)}
                  </To>
                ),
              },
            ]}
          />
        )}
      </Answer>
      {query.hasNextPage && (
        <Button variant="default" size="xs" m="md" loading={query.isFetchingNextPage} onClick={query.more}>
          Older changes
        </Button>
      )}
    </Panel>
  );
}

/** A batch comes as its number or as its job's id. */
function jobOf(batch: string): string {
  return /^\d+$/.test(batch) ? `batch-${batch}` : batch;
}

export function TableCommits({ path }: { path: string }): ReactElement {
  const query = useAnswer<Commits>('table', `${path}/commits`);
  return (
    <Panel flush>
      <Answer query={query} bars={6}>
        {({ commits }) => (
          <Rows
            label="Commits"
            rows={commits}
            rowKey={({ version }) => version}
            empty="Nothing was committed yet."
            columns={[
              { head: 'Version', isNumber: true, cell: ({ version }) => count(version) },
              { head: 'When', cell: ({ at }) => <Moment at={at} /> },
              { head: 'Operation', cell: ({ operation }) => operation },
              { head: 'Inserted', isNumber: true, cell: ({ inserted }) => count(inserted) },
              { head: 'Updated', isNumber: true, cell: ({ updated }) => count(updated) },
              { head: 'Deleted', isNumber: true, cell: ({ deleted }) => count(deleted) },
              { head: 'Files added', isNumber: true, cell: ({ filesAdded }) => count(filesAdded) },
              { head: 'Files removed', isNumber: true, cell: ({ filesRemoved }) => count(filesRemoved) },
              { head: 'Written', isNumber: true, cell: ({ bytesAdded }) => bytes(bytesAdded) },
              {
                head: 'Job',
                cell: ({ job }) =>
                  job === null ? (
                    '–'
                  ) : (
                    <To to={`/jobs/${job}`} className="nowrap">
                      {job}
                    </To>
                  ),
              },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}

/** Spark counts them, so it is asked only when somebody opens this. */
export function TableRescued({ path }: { path: string }): ReactElement {
  const query = useAnswer<Rescued>('rescued', `${path}/rescued`);
  return (
    <Panel flush>
      <Answer query={query} bars={3}>
        {({ columns }) => (
          <Rows
            label="Values that did not fit"
            rows={columns}
            rowKey={({ column }) => column}
            empty="Every value fits the type that its column is declared to have."
            columns={[
              { head: 'Column', cell: ({ column }) => <span className="break">{column}</span> },
              { head: 'Rows whose value did not fit', isNumber: true, cell: ({ rows }) => count(rows) },
            ]}
          />
        )}
      </Answer>
      {query.isPending && (
        <Text fz="sm" c="dimmed" px="md" pb="md">
          Spark counts them; that takes some seconds.
        </Text>
      )}
    </Panel>
  );
}
