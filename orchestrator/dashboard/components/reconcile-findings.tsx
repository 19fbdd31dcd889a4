import { Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ReconcileDetail } from '../lib/answers.js';
import { count, NOTHING } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { Answer } from './answer.js';
import { Panel } from './panel.js';
import { Rows, type ColumnOf } from './rows.js';

type Table = ReconcileDetail['tables'][number];

const NUMBERS = [
  ['HQ rows', 'hqRows'],
  ['Lake rows', 'lakeRows'],
  ['Missing', 'missing'],
  ['Stale', 'stale'],
  ['Ghosts', 'ghost'],
  ['Repaired', 'repaired'],
  ['Set aside', 'setAside'],
  ['Left out', 'leftOut'],
] as const;

/** What a comparison has found: by table, and by day of the last change. */
export function ReconcileFindings({ id }: { id: string }): ReactElement {
  const query = useAnswer<ReconcileDetail>('jobs', `/reconciles/${id}`, {}, { keep: true });
  const columns: ColumnOf<Table>[] = [
    { head: 'Table', cell: ({ table }) => table },
    ...NUMBERS.map(([head, key]): ColumnOf<Table> => ({
      head,
      cell: (row) => count(row[key]),
      isNumber: true,
    })),
    {
      head: 'Not judged',
      cell: ({ unjudged }) =>
        Object.entries(unjudged)
          .map(([reason, records]) => `${count(records)} ${reason}`)
          .join(', ') || NOTHING,
    },
  ];
  return (
    <Answer query={query} bars={4}>
      {({ reconcile, tables, days }) => (
        <>
          <Panel title={`Tables of ${reconcile.jobId}`} flush>
            <Rows
              label="Tables"
              rows={tables}
              rowKey={({ table }) => table}
              empty="Nothing is known of it yet."
              columns={columns}
            />
          </Panel>
          <Panel title="Findings by day" flush>
            <Rows
              label="Findings by day"
              rows={days}
              rowKey={({ table, day, fault }) => `${table} ${day ?? ''} ${fault}`}
              empty="Nothing is wrong."
              columns={[
                { head: 'Table', cell: ({ table }) => table },
                { head: 'Day', cell: ({ day }) => day ?? NOTHING },
                { head: 'What', cell: ({ fault }) => fault },
                { head: 'Records', cell: ({ records }) => count(records), isNumber: true },
                {
                  head: 'Such as',
                  cell: ({ examples }) => <span className="break">{examples.join(', ')}</span>,
                },
              ]}
            />
            {reconcile.findingsPath !== null && (
              <Text fz="sm" c="dimmed" px="md" pb="md">
                All ids: {reconcile.findingsPath} under CHECKPOINT_BASE_DIR.
              </Text>
            )}
          </Panel>
        </>
      )}
    </Answer>
  );
}
