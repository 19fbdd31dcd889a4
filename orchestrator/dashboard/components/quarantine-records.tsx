import { Button, Checkbox, Drawer, Group, Text, UnstyledButton } from '@mantine/core';
import { useMemo, useState, type ReactElement } from 'react';
import type { QuarantinePage, Quarantined } from '../lib/answers.js';
import type { Query } from '../lib/api.js';
import { count } from '../lib/format.js';
import { usePages } from '../lib/use-pages.js';
import { useFilters } from '../lib/url-state.js';
import { Answer } from './answer.js';
import { To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';
import { QuarantinedRecord } from './quarantined-record.js';
import { ReplayButton } from './replay-button.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

const PAGE = 100;

/** Records of one cause or batch, to be chosen, looked at and replayed. */
export function QuarantineRecords({ query: wanted }: { query: Query }): ReactElement {
  const query = usePages<QuarantinePage>('quarantine', '/quarantine', { ...wanted, limit: PAGE });
  const { filters, set } = useFilters();
  const records = useMemo(() => query.data?.flatMap((page) => page.records) ?? [], [query.data]);
  const open = records.filter(({ state }) => state === 'open');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = records.find(({ id }) => id === filters['record']);
  const ids = open.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const choose = (some: readonly Quarantined[], isChosen: boolean): void => {
    setChosen((before) => {
      const after = new Set(before);
      for (const { id } of some) {
        if (isChosen) after.add(id);
        else after.delete(id);
      }
      return after;
    });
  };
  return (
    <>
      <Panel
        title={
          query.data === undefined
            ? 'Records'
            : `Records (${count(records.length)}${query.hasNextPage ? '+' : ''})`
        }
        beside={
          <Group gap={6}>
            {ids.length > 0 && <ReplayButton ids={ids} what={`${count(ids.length)} chosen`} filled />}
            {ids.length === 0 && open.length > 1 && (
              <ReplayButton ids={open.map(({ id }) => id)} what={`these ${count(open.length)}`} />
            )}
          </Group>
        }
        flush
      >
        <Answer query={query} bars={8}>
          {() => (
            <Rows
              label="Records"
              rows={records}
              rowKey={({ id }) => id}
              empty="None is left: all were replayed, or a later change of them was read."
              columns={[
                {
                  head: ' ',
                  width: '36px',
                  cell: (record) => (
                    <Checkbox
                      size="xs"
                      aria-label={`Choose ${record.record}`}
                      disabled={record.state !== 'open'}
                      checked={chosen.has(record.id)}
                      onChange={(event) => {
                        choose([record], event.currentTarget.checked);
                      }}
                    />
                  ),
                },
                {
                  head: 'Record',
                  cell: ({ id, record, kind, type }) => (
                    <>
                      <UnstyledButton
                        className="link-like"
                        onClick={() => {
                          set({ record: id });
                        }}
                      >
                        {record}
                      </UnstyledButton>
                      <Text fz="xs" c="dimmed" className="clip" maw={250} title={type ?? undefined}>
                        {kind}
                        {type !== null && ` ${type}`}
                      </Text>
                    </>
                  ),
                },
                { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
                { head: 'Why', cell: ({ reason }) => <span className="break">{reason}</span> },
                {
                  head: 'Message',
                  cell: ({ topic, partition, offset }) =>
                    offset === null ? topic : `${topic} ${partition ?? ''}:${count(offset)}`,
                },
                { head: 'When', cell: ({ at }) => <Moment at={at} /> },
                { head: 'Job', cell: ({ batch }) => <BatchLink batch={batch} /> },
                {
                  head: '',
                  cell: ({ id, record, state }) =>
                    state === 'open' && <ReplayButton ids={[id]} what={record} />,
                },
              ]}
            />
          )}
        </Answer>
        {query.hasNextPage && (
          <Button variant="default" size="xs" m="md" loading={query.isFetchingNextPage} onClick={query.more}>
            More records
          </Button>
        )}
      </Panel>
      <Drawer
        opened={shown !== undefined}
        onClose={() => {
          set({ record: '' });
        }}
        position="right"
        size="xl"
        title={shown === undefined ? '' : `${shown.kind} ${shown.record}`}
      >
        {shown !== undefined && <QuarantinedRecord record={shown} />}
      </Drawer>
    </>
  );
}

function BatchLink({ batch }: { batch: string }): ReactElement {
  const id = /^\d+$/.test(batch) ? `batch-${batch}` : batch;
  return (
    <To to={`/jobs/${id}`} className="nowrap">
      {id}
    </To>
  );
}
