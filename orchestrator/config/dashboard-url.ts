import type { ApiEnvironment } from './environment.js';

/** Where API and dashboard are, as somebody on this machine reaches them. */
export function dashboardUrl({ API_HOST, API_PORT }: ApiEnvironment): string {
  const host = API_HOST === '0.0.0.0' || API_HOST === '::' ? '127.0.0.1' : API_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${API_PORT}`;
}
