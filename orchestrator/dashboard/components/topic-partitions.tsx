import { Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Partition } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { Rows } from './rows.js';
import { State } from './state.js';

/** Every partition: what Kafka still has, how far the lake is, and how near the lake is to losing messages. */
export function TopicPartitions({ partitions }: { partitions: readonly Partition[] }): ReactElement {
  return (
    <Rows
      label="Partitions"
      rows={partitions}
      rowKey={({ partition }) => String(partition)}
      empty="Kafka does not answer, and the ledger knows of no partition yet."
      columns={[
        { head: 'Partition', isNumber: true, cell: ({ partition }) => partition },
        { head: 'Lag', isNumber: true, cell: ({ lag }) => count(lag) },
        { head: 'In the lake', cell: (each) => <Progress {...each} /> },
        { head: 'Oldest in Kafka', isNumber: true, cell: ({ earliest }) => count(earliest) },
        { head: 'Committed up to', isNumber: true, cell: ({ committed }) => count(committed) },
        { head: 'Planned up to', isNumber: true, cell: ({ planned }) => count(planned) },
        { head: 'End', isNumber: true, cell: ({ end }) => count(end) },
        {
          head: 'Kept behind us',
          cell: ({ margin }) =>
            margin < 0 ? (
              <State tone="bad">{count(-margin)} lost</State>
            ) : (
              <Text fz="sm" span>
                {count(margin)} messages
              </Text>
            ),
        },
      ]}
    />
  );
}

/** Of what Kafka has now, how much is in the lake; offsets fit a double well enough for a bar. */
function Progress({ earliest, committed, end }: Partition): ReactElement {
  const whole = Number(BigInt(end) - BigInt(earliest));
  const done = Math.max(0, Number(BigInt(committed) - BigInt(earliest)));
  const percent = whole <= 0 ? 100 : Math.min(100, (100 * done) / whole);
  return (
    <div style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
      <div className="partition-gap" aria-hidden>
        <span style={{ width: `${percent}%` }} />
      </div>
      {/* Rounded down: all but one message is not all. */}
      {Math.floor(percent)} %
    </div>
  );
}
