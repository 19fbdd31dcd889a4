import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { pause, resume } from '../lib/acts.js';
import type { Pause } from '../lib/answers.js';
import { pausesQuery } from '../lib/queries.js';
import { ActButton } from './act-button.js';

/** Pauses a topic, table, queue or everything, or lets it go on. */
export function PauseButton({ scope, name }: { scope: Pause['scope']; name: string }): ReactElement {
  const { data } = useQuery(pausesQuery);
  const standing = data?.pauses.find((each) => each.scope === scope && each.name === name);
  if (standing !== undefined) return <ResumeButton pause={standing} />;
  const what = scope === 'all' ? 'everything' : `${scope} ${name}`;
  return (
    <ActButton
      label={scope === 'all' ? 'Pause everything' : 'Pause'}
      icon={<IconPlayerPause size={14} aria-hidden />}
      title={`Pause ${what}`}
      run={(reason) => pause({ scope, name, reason })}
    >
      No process begins new work on {what} until somebody lets it go on. What runs on Spark already ends by
      itself. Nothing is lost: it is caught up afterwards, as long as Kafka keeps the messages.
    </ActButton>
  );
}

export function ResumeButton({ pause: standing }: { pause: Pause }): ReactElement {
  const what = standing.scope === 'all' ? 'Everything' : `${standing.scope} ${standing.name}`;
  return (
    <ActButton
      label="Let it go on"
      icon={<IconPlayerPlay size={14} aria-hidden />}
      title={`Let ${what} go on`}
      askReason={false}
      variant="filled"
      run={() => resume(standing)}
    >
      {what} was paused by {standing.by}: “{standing.reason}”. Work on it begins again at once.
    </ActButton>
  );
}
