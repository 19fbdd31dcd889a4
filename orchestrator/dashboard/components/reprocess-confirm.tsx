import { Button, Checkbox, Group, SimpleGrid, Stack, Text, Textarea } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { ReprocessAnswer, ReprocessPreview } from '../lib/answers.js';
import { count, counted, duration, month } from '../lib/format.js';
import { Empty } from './answer.js';
import { CliLine } from './copy.js';
import { Facts } from './facts.js';
import { Panel } from './panel.js';
import { Rows } from './rows.js';
import { State } from './state.js';

export interface Confirmed {
  readonly reason: string;
  readonly reaggregate: boolean;
}

const SHORTEST_REASON = 3;

/** What a reprocess would touch, and its start, which wants a reason. */
export function ReprocessConfirm({
  domain,
  isMigration,
  answer,
  isBusy,
  back,
  start,
}: {
  domain: string;
  isMigration: boolean;
  answer: ReprocessAnswer;
  isBusy: boolean;
  back: () => void;
  start: (confirmed: Confirmed) => void;
}): ReactElement {
  const [reason, setReason] = useState('');
  const [reaggregate, setReaggregate] = useState(false);
  const { preview } = answer;
  // Ids that neither the lake nor HQ knows count as no record, are warned of, and may be looked at all the same.
  const isEmpty = preview?.records === 0 && preview.warnings.length === 0;
  return (
    <Stack gap="md">
      {preview === null ? (
        <Text fz="sm">{answer.message}</Text>
      ) : (
        <Preview domain={domain} preview={preview} />
      )}
      <Panel title={isMigration ? 'Start the migration' : 'Start it'}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            start({ reason: reason.trim(), reaggregate });
          }}
        >
          <Stack gap="sm">
            <Textarea
              label="Reason"
              description="Stands in the audit log and on the job."
              value={reason}
              onChange={(event) => {
                setReason(event.currentTarget.value);
              }}
              autosize
              minRows={2}
              maxLength={500}
              required
              autoFocus
            />
            {!isMigration && (
              <Checkbox
                label="Compute the months it makes stale again when all is in"
                checked={reaggregate}
                onChange={(event) => {
                  setReaggregate(event.currentTarget.checked);
                }}
              />
            )}
            <Group gap="xs">
              <Button variant="default" onClick={back}>
                Choose other records
              </Button>
              <Button
                type="submit"
                loading={isBusy}
                disabled={isEmpty || reason.trim().length < SHORTEST_REASON}
              >
                {preview === null
                  ? 'Start'
                  : `Read ${preview.isExact ? '' : 'about '}${counted(preview.records, 'record')} again`}
              </Button>
            </Group>
          </Stack>
        </form>
        <CliLine cli={answer.cli} />
      </Panel>
    </Stack>
  );
}

const MOST_MONTHS = 60;

function Preview({ domain, preview }: { domain: string; preview: ReprocessPreview }): ReactElement {
  const { records, isExact, pages, seconds, tables, months, warnings } = preview;
  return (
    <>
      {warnings.map((warning) => (
        <Text key={warning} fz="sm" component="div">
          <State tone="warning">Note</State> {warning}
        </Text>
      ))}
      <Panel>
        <Facts
          facts={[
            ['Domain', domain],
            ['Records', `${isExact ? '' : 'about '}${count(records)}`],
            ['Tables', count(tables.length)],
            ['Pages (batches), at most', count(pages)],
            ['Takes about', seconds === null ? 'not known yet' : duration(seconds)],
            ['Months made stale', count(months.length)],
          ]}
        />
      </Panel>
      {records === 0 ? (
        <div className="panel">
          <Empty>No record fits: there is nothing to read again. Choose other records.</Empty>
        </div>
      ) : (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Panel title="Tables" flush>
            <Rows
              label="Tables"
              rows={tables}
              rowKey={({ table }) => table}
              empty="No table has such a record yet."
              columns={[
                { head: 'Table', cell: ({ table }) => <span className="break">{table}</span> },
                {
                  head: 'Records',
                  isNumber: true,
                  cell: (each) => `${each.isExact ? '' : 'about '}${count(each.records)}`,
                },
              ]}
            />
          </Panel>
          <Panel title="Months made stale" flush>
            <Rows
              label="Months made stale"
              rows={months.slice(0, MOST_MONTHS)}
              rowKey={(each) => `${each.table} ${each.month ?? ''}`}
              empty="No published month depends on them."
              columns={[
                { head: 'Aggregation', cell: ({ table }) => table },
                { head: 'Month', cell: (each) => month(each.month) },
              ]}
            />
            {months.length > MOST_MONTHS && (
              <Text fz="sm" c="dimmed" px="md" pb="sm">
                and {count(months.length - MOST_MONTHS)} more
              </Text>
            )}
          </Panel>
        </SimpleGrid>
      )}
    </>
  );
}
