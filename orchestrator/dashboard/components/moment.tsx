import type { ReactElement } from 'react';
import { absolute, NOTHING, relative } from '../lib/format.js';
import { useNow } from '../lib/clock.js';

/** When something was or will be: relative, the exact moment on hover; `full` shows both. */
export function Moment({ at, full = false }: { at: string | null; full?: boolean }): ReactElement {
  const now = useNow();
  if (at === null) return <span>{NOTHING}</span>;
  const exact = absolute(at);
  return (
    <time dateTime={at} title={exact}>
      {full ? `${relative(at, now)} (${exact})` : relative(at, now)}
    </time>
  );
}
