import { Group, Stack, Text } from '@mantine/core';
import { IconCalculator } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { aggregate, freshKey } from '../lib/acts.js';
import type { MonthCell } from '../lib/answers.js';
import { count, month } from '../lib/format.js';
import { ActButton } from './act-button.js';
import { To } from './links.js';
import { Moment } from './moment.js';

const MOST_REASONS = 6;

/** A month of an aggregation: what is published, why it is not fresh, its computation. */
export function MonthCard({ domain, cell }: { domain: string; cell: MonthCell }): ReactElement {
  const { table, state, work, reasons, closed, due, publishedAt, rows, run, failure } = cell;
  return (
    <Stack gap={8} fz="sm">
      <Text fw={600} className="break">
        {table}, {month(cell.month)}
      </Text>
      {failure !== null && (
        <div className="text-bad break">
          Failed <Moment at={failure.at} />: {failure.reason} ({failure.code})
        </div>
      )}
      {reasons.length > 0 && (
        <div>
          {state === 'missing' ? 'Not there because:' : 'Stale because:'}
          <ul style={{ margin: '2px 0 0', paddingLeft: 18 }}>
            {reasons.slice(0, MOST_REASONS).map((reason) => (
              <li key={reason} className="break">
                {reason}
              </li>
            ))}
            {reasons.length > MOST_REASONS && <li>{count(reasons.length - MOST_REASONS)} more</li>}
          </ul>
        </div>
      )}
      {publishedAt === null ? (
        <div>Nothing is published.</div>
      ) : (
        <div>
          Published <Moment at={publishedAt} />, {count(rows)} rows
          {run !== null && (
            <>
              , <To to={`/jobs/${jobOf(run)}`}>{jobOf(run)}</To>
            </>
          )}
        </div>
      )}
      {closed && <div>Closed: computed only when somebody asks for it.</div>}
      {!closed && due && state !== 'fresh' && work === 'none' && (
        <div>Due: the schedule computes it next.</div>
      )}
      {cell.month !== null && (
        <Group gap="xs" mt={4}>
          <Compute domain={domain} cell={cell} force={false} />
          {state === 'fresh' && <Compute domain={domain} cell={cell} force />}
        </Group>
      )}
    </Stack>
  );
}

/** A run comes as its number or as its job's id. */
function jobOf(run: string): string {
  return /^\d+$/.test(run) ? `aggregation-${run}` : run;
}

function Compute({ domain, cell, force }: { domain: string; cell: MonthCell; force: boolean }): ReactElement {
  const { table, month: of, state, work } = cell;
  const name = `${table} ${month(of)}`;
  return (
    <ActButton
      label={force ? 'Compute anyway' : 'Compute'}
      icon={<IconCalculator size={14} aria-hidden />}
      title={`Compute ${name}`}
      askReason={false}
      variant={force ? 'default' : 'filled'}
      blocked={
        work === 'running'
          ? 'It is being computed now.'
          : work === 'waiting'
            ? 'It is asked for already.'
            : !force && state === 'fresh'
              ? 'It is fresh.'
              : undefined
      }
      run={() => aggregate({ domain, table, month: of ?? '', force, idempotencyKey: freshKey() })}
    >
      {force
        ? `${name} is fresh; it is computed again all the same, and so is the warehouse’s copy.`
        : `${name} is computed, after everything it needs that is missing or stale. What is published stays until the new numbers pass their audits.`}
    </ActButton>
  );
}
