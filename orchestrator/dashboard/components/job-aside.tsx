import type { ReactElement } from 'react';
import type { Job, QuarantinePage } from '../lib/answers.js';
import { count } from '../lib/format.js';
import { useAnswer } from '../lib/queries.js';
import { Answer } from './answer.js';
import { To } from './links.js';
import { Panel } from './panel.js';
import { ReplayButton } from './replay-button.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

const SHOWN = 5;

/** The records that the job could not read, with their replay: what a mended document in HQ needs. */
export function JobAside({ job, many }: { job: Job; many: number }): ReactElement {
  const batch = job.id.replace('batch-', '');
  const query = useAnswer<QuarantinePage>('quarantine', '/quarantine', { batch, limit: SHOWN });
  return (
    <Panel
      title={`Records set aside (${count(many)})`}
      beside={
        <To to="/quarantine" query={{ batch }}>
          All
        </To>
      }
      flush
    >
      <Answer query={query} bars={2}>
        {({ records }) => (
          <Rows
            label="Records set aside"
            rows={records}
            rowKey={({ id }) => id}
            empty="None of them is open any more."
            columns={[
              {
                head: 'Record',
                cell: ({ id, record }) => (
                  <To to="/quarantine" query={{ batch, record: id }}>
                    {record}
                  </To>
                ),
              },
              { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
              { head: 'Why', cell: ({ reason }) => <span className="break">{reason}</span> },
              {
                head: '',
                cell: ({ id, record, state }) =>
                  state === 'open' && <ReplayButton ids={[id]} what={record} />,
              },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}
