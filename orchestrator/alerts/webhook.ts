import axios from 'axios';
import type { AlertEnvironment } from '../config/environment.js';
import type { AlertKind } from '../ledger/alerts.js';
import type { Delivery } from '../ledger/alert-deliveries.js';

/** What the webhook gets, as JSON. `text` alone is enough for chat tools; the rest is for machines. */
export interface AlertMessage {
  /** The same when it is told again: a crash may have come between the answer and the note of it. */
  readonly id: string;
  readonly text: string;
  readonly kind: AlertKind | 'test';
  readonly subject: string;
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly state: 'open' | 'closed' | 'test';
  /** The dashboard's page of it. */
  readonly link: string;
}

export interface WebhookAnswer {
  readonly delivered: boolean;
  readonly status: number | null;
  /** Status or network code; never the URL, for it may hold a secret, and no text of the answer. */
  readonly reason: string;
}

const TIMEOUT_MS = 5_000;
/** Nothing of the answer is read; one that goes on and on is cut off. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** Posts one message. It never throws: a webhook that fails is a fact to be noted. */
export async function postAlert(
  url: string,
  message: AlertMessage,
  signal?: AbortSignal,
): Promise<WebhookAnswer> {
  const inTime = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { status } = await axios.post<unknown>(url, message, {
      // axios's own limit begins with the connection; a name that is not found in time counts too.
      timeout: TIMEOUT_MS,
      signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]),
      maxRedirects: 0,
      maxContentLength: MOST_ANSWER_BYTES,
      validateStatus: () => true,
    });
    const delivered = status >= 200 && status < 300;
    return { delivered, status, reason: `HTTP ${status}` };
  } catch (thrown) {
    if (inTime.aborted) return { delivered: false, status: null, reason: 'no answer in time' };
    const code = axios.isAxiosError(thrown) ? thrown.code : undefined;
    return { delivered: false, status: null, reason: code ?? 'it could not be asked' };
  }
}

/** @param dashboard URL of the dashboard's home, without a slash at its end */
export function messageOf(delivery: Delivery, dashboard: string): AlertMessage {
  const { alertId, kind, subject, since, state } = delivery;
  const text = `Dimagi Lake${state === 'closed' ? ', over' : ''}: ${delivery.text}`;
  return {
    id: `${alertId}-${state}`,
    text,
    kind,
    subject,
    since,
    state,
    link: dashboard + pageOf(kind, subject),
  };
}

/** Where the dashboard is, as this machine calls it. */
export function dashboardUrl({ API_HOST, API_PORT }: AlertEnvironment): string {
  const host = ['0.0.0.0', '::'].includes(API_HOST) ? '127.0.0.1' : API_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${API_PORT}`;
}

/** The dashboard's page of what an alert is about. */
export function pageOf(kind: AlertKind, subject: string): string {
  const [first = '', second] = subject.split('.');
  switch (kind) {
    case 'topic_halted':
    case 'lag':
      return page('topics', subject);
    case 'table_halted':
    case 'freshness':
      // Names of databases and tables have no point in them, and topics none either.
      return second === undefined ? page('topics', subject) : page('tables', first, second);
    case 'aggregation_failed':
    case 'audit_failed':
      return page('months', subject.split(' ')[0] ?? '');
    case 'disk':
      return '/cluster';
  }
}

function page(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}
