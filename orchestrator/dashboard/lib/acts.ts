import type {
  Accepted,
  AggregationAsk,
  MigrationAsk,
  Pause,
  PauseAsk,
  ReconcileAsk,
  ReplayAsk,
  ReprocessAnswer,
  ReprocessAsk,
} from './answers.js';
import { act } from './api.js';

/** Acts on the lake, one request each. Asked twice by a shaky line they act once where the API takes a key. */

export const retryJob = (id: string, reason: string): Promise<Accepted> =>
  act('POST', `/jobs/${id}/retry`, { reason });

export const cancelJob = (id: string, reason: string): Promise<Accepted> =>
  act('POST', `/jobs/${id}/cancel`, { reason });

export async function pause(ask: PauseAsk): Promise<{ message: string }> {
  await act('POST', '/pauses', ask);
  return { message: `Paused: ${ask.scope === 'all' ? 'everything' : `${ask.scope} ${ask.name}`}.` };
}

export async function resume(pause: Pause): Promise<{ message: string }> {
  await act('DELETE', `/pauses/${pause.id}`);
  return { message: `Goes on: ${pause.scope === 'all' ? 'everything' : `${pause.scope} ${pause.name}`}.` };
}

export const replay = (ask: ReplayAsk): Promise<Accepted> => act('POST', '/quarantine/replay', ask);

export const aggregate = (ask: AggregationAsk): Promise<Accepted> => act('POST', '/aggregations', ask);

export const reprocess = (ask: ReprocessAsk): Promise<ReprocessAnswer> => act('POST', '/reprocess', ask);

export const migrate = (ask: MigrationAsk): Promise<ReprocessAnswer> => act('POST', '/migrations', ask);

export const askToReconcile = (ask: ReconcileAsk): Promise<Accepted> => act('POST', '/reconciles', ask);

/** A key that makes a repeated call harmless; also where the page comes by plain http and has no randomUUID. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
