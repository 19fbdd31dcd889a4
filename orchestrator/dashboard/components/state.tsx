import {
  IconAlertTriangleFilled,
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconClock,
  IconLoader2,
  IconOctagonFilled,
  IconPlayerPauseFilled,
  IconRefreshAlert,
} from '@tabler/icons-react';
import type { ComponentType, ReactElement, ReactNode } from 'react';
import type { Health } from '../lib/answers.js';

export type Tone = 'ok' | 'busy' | 'warning' | 'bad' | 'idle';
type Shape = ComponentType<{ size?: number; 'aria-hidden'?: boolean }>;

/** A word with a shape and a colour; who sees no colour has the other two. */
export function State({
  tone,
  shape: Icon,
  children,
}: {
  tone: Tone;
  shape?: Shape;
  children: ReactNode;
}): ReactElement {
  const Shown = Icon ?? SHAPES[tone];
  return (
    <span className={`state tone-${tone}`}>
      <Shown size={14} aria-hidden />
      {children}
    </span>
  );
}

const SHAPES: Readonly<Record<Tone, Shape>> = {
  ok: IconCircleCheckFilled,
  busy: IconLoader2,
  warning: IconAlertTriangleFilled,
  bad: IconOctagonFilled,
  idle: IconCircleDashed,
};

export function ToneIcon({ tone, size }: { tone: Tone; size: number }): ReactElement {
  const Shown = SHAPES[tone];
  return <Shown size={size} aria-hidden />;
}

const HEALTH_WORDS: Readonly<Record<Health, string>> = {
  ok: 'well',
  busy: 'catching up',
  warning: 'look at it',
  bad: 'failing',
};

function HealthState({ health }: { health: Health }): ReactElement {
  return <State tone={health}>{HEALTH_WORDS[health]}</State>;
}

/** States of jobs, topics, tables, runs, drivers, workers: one word means one look everywhere. */
const STATES: Readonly<Record<string, readonly [Tone, Shape?]>> = {
  done: ['ok'],
  committed: ['ok'],
  merged: ['ok'],
  fresh: ['ok'],
  finished: ['ok'],
  alive: ['ok'],
  replayed: ['ok'],
  active: ['ok'],
  running: ['busy'],
  claimed: ['busy'],
  submitted: ['busy'],
  computing: ['busy'],
  waiting: ['idle', IconClock],
  staged: ['idle', IconClock],
  planned: ['idle', IconClock],
  standby: ['idle', IconClock],
  missing: ['idle'],
  retrying: ['warning', IconRefreshAlert],
  stale: ['warning', IconRefreshAlert],
  paused: ['warning', IconPlayerPauseFilled],
  open: ['warning'],
  halted: ['bad'],
  failed: ['bad'],
  error: ['bad'],
  lost: ['bad'],
  dead: ['bad'],
  cancelled: ['idle', IconBan],
  killed: ['idle', IconBan],
  voided: ['idle', IconBan],
  revoked: ['idle', IconBan],
  expired: ['idle', IconBan],
};

export function StateOf({ state, children }: { state: string; children?: ReactNode }): ReactElement {
  const [tone, shape] = STATES[state.toLowerCase()] ?? ['idle'];
  return (
    <State tone={tone} shape={shape}>
      {children ?? state.toLowerCase()}
    </State>
  );
}

/** A topic or table: paused and halted say more than its health; of one that runs the health does. */
export function Standing({ state, health }: { state: string; health: Health }): ReactElement {
  return state === 'running' ? <HealthState health={health} /> : <StateOf state={state} />;
}
