import { IconPlayerStop, IconRotateClockwise } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { cancelJob, retryJob } from '../lib/acts.js';
import { ActButton } from './act-button.js';

/** `state` is of a list, where what may be done is not told: the server has the last word. */
export function RetryButton({
  id,
  title,
  blocked,
  filled = false,
}: {
  id: string;
  title: string;
  blocked?: string;
  filled?: boolean;
}): ReactElement {
  return (
    <ActButton
      label="Retry"
      icon={<IconRotateClockwise size={14} aria-hidden />}
      title={`Retry ${id}`}
      variant={filled ? 'filled' : 'default'}
      suggestedReason="The cause is mended"
      blocked={blocked}
      run={(reason) => retryJob(id, reason)}
    >
      <b>{title}</b> is tried again from where it stopped. What is in the lake already is not written twice.
      If the cause is still there it fails again.
    </ActButton>
  );
}

export function CancelButton({
  id,
  title,
  blocked,
}: {
  id: string;
  title: string;
  blocked?: string;
}): ReactElement {
  return (
    <ActButton
      label="Cancel"
      icon={<IconPlayerStop size={14} aria-hidden />}
      title={`Cancel ${id}`}
      danger
      blocked={blocked}
      run={(reason) => cancelJob(id, reason)}
    >
      <b>{title}</b> is stopped and its Spark driver killed. What it has committed stays in the lake; the rest
      is not done.
    </ActButton>
  );
}
