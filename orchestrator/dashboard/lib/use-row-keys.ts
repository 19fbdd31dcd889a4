import { useHotkeys } from '@mantine/hooks';
import { useState, type RefObject } from 'react';

/** `/` goes to the search, j and k move through the rows, Enter opens; as in mail programs and code hosts. */
export function useRowKeys(
  rows: number,
  open: (row: number) => void,
  search: RefObject<HTMLInputElement | null>,
): number {
  const [current, setCurrent] = useState(-1);
  const move = (by: number): void => {
    setCurrent((at) => Math.max(0, Math.min(rows - 1, at + by)));
  };
  useHotkeys([
    ['/', () => search.current?.focus()],
    [
      'j',
      () => {
        move(1);
      },
    ],
    [
      'k',
      () => {
        move(-1);
      },
    ],
    [
      'Enter',
      (event) => {
        // A focused link or button has an Enter of its own.
        if (current < 0 || (event.target instanceof Element && event.target.closest('a, button') !== null))
          return;
        open(current);
      },
      { preventDefault: false },
    ],
  ]);
  return Math.min(current, rows - 1);
}
