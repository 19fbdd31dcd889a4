import { Popover } from '@mantine/core';
import {
  IconCircleCheckFilled,
  IconCircleDashed,
  IconClock,
  IconLoader2,
  IconLock,
  IconOctagonFilled,
  IconRefreshAlert,
} from '@tabler/icons-react';
import { useState, type ComponentType, type ReactElement } from 'react';
import type { MonthCell, Months } from '../lib/answers.js';
import { month } from '../lib/format.js';
import { MonthCard } from './month-card.js';
import type { Tone } from './state.js';

interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>;
}

/** A failure matters more than that the month is stale; that it is worked on matters more than both. */
function lookOf({ state, work, failure }: MonthCell): Look {
  if (work === 'running') return { word: 'running', tone: 'busy', icon: IconLoader2 };
  if (work === 'waiting') return { word: 'waiting', tone: 'busy', icon: IconClock };
  if (failure !== null) return { word: 'failed', tone: 'bad', icon: IconOctagonFilled };
  if (state === 'stale') return { word: 'stale', tone: 'warning', icon: IconRefreshAlert };
  if (state === 'missing') return { word: 'missing', tone: 'idle', icon: IconCircleDashed };
  return { word: 'fresh', tone: 'ok', icon: IconCircleCheckFilled };
}

/** Tables by months, newest first; tables without months have one cell of their own. */
export function MonthMatrix({ known }: { known: Months }): ReactElement {
  const months: readonly (string | null)[] = [
    ...(known.cells.some((cell) => cell.month === null) ? [null] : []),
    ...known.months.toSorted().reverse(),
  ];
  const cells = new Map(known.cells.map((cell) => [keyOf(cell.table, cell.month), cell]));
  return (
    <div className="rows-scroll" tabIndex={0} role="region" aria-label={`Months of ${known.domain}`}>
      <table className="matrix">
        <thead>
          <tr>
            <th scope="col">Aggregation</th>
            {months.map((each) => (
              <th key={each ?? ''} scope="col">
                {month(each)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {known.tables.map((table) => (
            <tr key={table}>
              <th scope="row">{table}</th>
              {months.map((each) => {
                const cell = cells.get(keyOf(table, each));
                return (
                  <td key={each ?? ''}>{cell !== undefined && <Cell domain={known.domain} cell={cell} />}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function keyOf(table: string, of: string | null): string {
  return `${table} ${of ?? ''}`;
}

/** Dialogs are at 200, the header at 100. */
const BELOW_DIALOGS = 150;

function isDialogOpen(): boolean {
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
}

function Cell({ domain, cell }: { domain: string; cell: MonthCell }): ReactElement {
  const { word, tone, icon: Icon } = lookOf(cell);
  const [opened, setOpened] = useState(false);
  return (
    <Popover
      opened={opened}
      onChange={(isOpen) => {
        // The card's acts ask in a dialog above it, which would go with the card.
        if (isOpen || !isDialogOpen()) setOpened(isOpen);
      }}
      zIndex={BELOW_DIALOGS}
      width={360}
      position="bottom"
      withArrow
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={`month-cell tone-${tone}`}
          onClick={() => {
            setOpened((isOpen) => !isOpen);
          }}
          aria-label={`${cell.table} ${month(cell.month)}: ${word}${cell.closed ? ', closed' : ''}`}
        >
          <Icon size={14} aria-hidden />
          {word}
          {cell.closed && <IconLock size={12} aria-hidden />}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <MonthCard domain={domain} cell={cell} />
      </Popover.Dropdown>
    </Popover>
  );
}
