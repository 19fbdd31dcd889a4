import { Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { JobPart } from '../lib/answers.js';
import { count, duration } from '../lib/format.js';
import { TableLink } from './links.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { StateOf } from './state.js';

/** What the job did to each table. */
export function JobParts({ parts }: { parts: readonly JobPart[] }): ReactElement {
  return (
    <Panel title="Tables" flush>
      <Rows
        label="Tables of the job"
        rows={parts}
        rowKey={({ table }) => table}
        empty=""
        columns={[
          {
            head: 'Table',
            cell: ({ table, failure }) => (
              <>
                <TableLink name={table} />
                {failure !== null && (
                  <Text fz="xs" className="break text-bad">
                    {failure}
                  </Text>
                )}
              </>
            ),
          },
          { head: 'State', cell: ({ state }) => <StateOf state={state} /> },
          { head: 'Inserted', isNumber: true, cell: ({ inserted }) => count(inserted) },
          { head: 'Updated', isNumber: true, cell: ({ updated }) => count(updated) },
          { head: 'Deleted', isNumber: true, cell: ({ deleted }) => count(deleted) },
          { head: 'Refused', isNumber: true, cell: ({ refused }) => count(refused) },
          { head: 'Rows', isNumber: true, cell: ({ rows }) => count(rows) },
          { head: 'Took', isNumber: true, cell: ({ seconds }) => duration(seconds) },
          { head: 'Version', isNumber: true, cell: ({ deltaVersion }) => count(deltaVersion) },
        ]}
      />
    </Panel>
  );
}
