import type { StackEnvironment } from '../../orchestrator/config/stack-environment.js';
import type { Report } from './cache.js';
import type { StackLayout } from './layout.js';
import type { Ports } from './ports.js';
import type { StackState } from './state.js';

/** What each service's file needs to know of the stack it starts in. */
export interface StackContext {
  readonly layout: StackLayout;
  readonly environment: StackEnvironment;
  readonly ports: Ports;
  readonly state: Readonly<StackState>;
  readonly report: Report;
  /** Changes what the stack remembers, at once on disk. */
  readonly remember: (change: Partial<StackState>) => void;
}

export const HOST = '127.0.0.1';
