import { IconRotateClockwise } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { replay } from '../lib/acts.js';
import { ActButton } from './act-button.js';

/** Reads records that were set aside from HQ once more. */
export function ReplayButton({
  ids,
  what,
  filled = false,
}: {
  ids: readonly string[];
  what: string;
  filled?: boolean;
}): ReactElement {
  return (
    <ActButton
      label={ids.length > 1 ? `Replay ${what}` : 'Replay'}
      icon={<IconRotateClockwise size={14} aria-hidden />}
      title={`Replay ${what}`}
      variant={filled ? 'filled' : 'default'}
      suggestedReason="The document was mended in HQ"
      blocked={ids.length === 0 ? 'Choose records first.' : undefined}
      run={(reason) => replay({ ids: [...ids], reason })}
    >
      HQ is asked for {ids.length === 1 ? 'the record' : 'the records'} again, as it is there now. What can be
      read goes into its table; what can’t is set aside anew.
    </ActButton>
  );
}
