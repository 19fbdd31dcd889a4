import type { ReactElement, ReactNode } from 'react';
import type { TableDetail } from '../lib/answers.js';
import { bytes, count } from '../lib/format.js';
import { Facts } from './facts.js';
import { To } from './links.js';
import { Moment } from './moment.js';
import { Panel } from './panel.js';

type Maintenance = TableDetail['maintenance'];

/** When the table's files were last compacted and vacuumed, and what would pay now. */
export function TableMaintenance({ optimized, vacuumed, due }: Maintenance): ReactElement {
  return (
    <Panel title="Maintenance">
      <Facts
        facts={[
          ['Compacted', <Ended key="optimized" last={optimized} what={compacted} />],
          ['Vacuumed', <Ended key="vacuumed" last={vacuumed} what={deleted} />],
          ['Due now', dueText(due)],
        ]}
      />
    </Panel>
  );
}

type Last = NonNullable<Maintenance['optimized']>;

function Ended({ last, what }: { last: Last | null; what: (last: Last) => string }): ReactNode {
  if (last === null) return 'never';
  return (
    <>
      <To to={`/jobs/${last.job}`}>{last.state === 'done' ? what(last) : ENDED[last.state]}</To>{' '}
      <Moment at={last.at} />
    </>
  );
}

const ENDED = { gave_way: 'gave way to a merge', failed: 'failed' } as const;

function compacted({ filesBefore, filesAfter }: Last): string {
  return `${count(filesBefore)} files into ${count(filesAfter)}`;
}

function deleted({ filesDeleted, bytesDeleted }: Last): string {
  return `${count(filesDeleted)} files, ${bytes(bytesDeleted)}`;
}

function dueText(due: Maintenance['due']): string {
  if (due === null) return '–';
  const [first] = due;
  if (first === undefined) return 'nothing';
  const more = due.length > 1 ? `, and ${count(due.length - 1)} more` : '';
  return `${first.partition === '' ? 'the table' : first.partition}: ${first.reason}${more}`;
}
