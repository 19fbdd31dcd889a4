import { Text } from '@mantine/core';
import { IconArrowDown } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';

export interface ColumnOf<T> {
  readonly head: string;
  readonly cell: (row: T) => ReactNode;
  readonly isNumber?: boolean;
  /** Of a table with fixed columns. */
  readonly width?: string;
  /** The sort order that a click on the head asks for. */
  readonly sort?: string;
}

export interface Sorting {
  readonly by: string;
  readonly set: (by: string) => void;
}

/** A short list as a table; instead of none a line that says what it means. Long ones: VirtualRows. */
export function Rows<T>({
  label,
  rows,
  columns,
  rowKey,
  empty,
}: {
  label: string;
  rows: readonly T[];
  columns: readonly ColumnOf<T>[];
  rowKey: (row: T) => string;
  empty: ReactNode;
}): ReactElement {
  if (rows.length === 0) {
    return (
      <Text fz="sm" c="dimmed" px="md" pt={4} pb="md">
        {empty}
      </Text>
    );
  }
  return (
    <div className="rows-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="rows">
        <Heads columns={columns} />
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              <Cells row={row} columns={columns} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Heads<T>({
  columns,
  sorting,
}: {
  columns: readonly ColumnOf<T>[];
  sorting?: Sorting;
}): ReactElement {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const isSorted = column.sort !== undefined && sorting?.by === column.sort;
          return (
            <th
              key={column.head}
              scope="col"
              className={column.isNumber === true ? 'number' : undefined}
              style={{ width: column.width }}
              aria-sort={isSorted ? (column.isNumber === true ? 'descending' : 'ascending') : undefined}
            >
              {column.sort === undefined || sorting === undefined ? (
                column.head
              ) : (
                <button
                  type="button"
                  className="sort"
                  data-sorted={isSorted || undefined}
                  onClick={() => {
                    sorting.set(column.sort ?? '');
                  }}
                >
                  {column.head}
                  {isSorted && (
                    <IconArrowDown size={12} aria-hidden style={{ verticalAlign: -1, marginLeft: 3 }} />
                  )}
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

export function Cells<T>({ row, columns }: { row: T; columns: readonly ColumnOf<T>[] }): ReactElement {
  return (
    <>
      {columns.map((column) => (
        <td key={column.head} className={column.isNumber === true ? 'number' : undefined}>
          {column.cell(row)}
        </td>
      ))}
    </>
  );
}
