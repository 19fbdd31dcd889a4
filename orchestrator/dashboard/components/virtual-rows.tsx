import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactElement } from 'react';
import { Cells, Heads, type ColumnOf, type Sorting } from './rows.js';

/** As in base.css. */
const ROW_PX = 40;
/** Asks for the next page when so few rows are left below. */
const AHEAD = 30;

/**
 * A list of any length as a table in which only the rows in sight are made. Rows all have one height, and the columns
 * fixed widths, so that scrolling measures nothing.
 */
export function VirtualRows<T>({
  label,
  rows,
  total,
  columns,
  rowKey,
  sorting,
  current,
  onNearEnd,
}: {
  label: string;
  rows: readonly T[];
  /** How many there are in all, when that is known. */
  total?: number;
  columns: readonly ColumnOf<T>[];
  rowKey: (row: T) => string;
  sorting?: Sorting;
  /** The row that the keyboard is at. */
  current?: number;
  onNearEnd?: () => void;
}): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  // The compiler's memoisation does not fit the virtualizer's mutable object; nothing here is memoised by hand.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onNearEnd !== undefined && rows.length > 0 && last >= rows.length - AHEAD) onNearEnd();
  }, [last, rows.length, onNearEnd]);
  useEffect(() => {
    if (current !== undefined && current >= 0) virtual.scrollToIndex(current, { align: 'auto' });
  }, [current, virtual]);
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="rows-scroll tall" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <table className="rows fixed" aria-rowcount={(total ?? rows.length) + 1}>
        <Heads columns={columns} sorting={sorting} />
        <tbody>
          {above > 0 && <Spacer px={above} columns={columns.length} />}
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <tr
                key={rowKey(row)}
                aria-rowindex={item.index + 2}
                data-current={item.index === current || undefined}
              >
                <Cells row={row} columns={columns} />
              </tr>
            );
          })}
          {below > 0 && <Spacer px={below} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are not made. */
function Spacer({ px, columns }: { px: number; columns: number }): ReactElement {
  return (
    <tr aria-hidden style={{ height: px }}>
      <td colSpan={columns} style={{ padding: 0, border: 0, height: px }} />
    </tr>
  );
}
