import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AlertMessage } from '../../../orchestrator/alerts/webhook.js';

/** Somebody's webhook: a real HTTP server on loopback that keeps what it is told. */
export interface WebhookReceiver {
  /** With a secret in it, as such URLs have. */
  readonly url: string;
  readonly told: AlertMessage[];
  /** Which status it answers from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

export const SECRET = 'webhook-secret-4711';

export async function startReceiver(): Promise<WebhookReceiver> {
  const told: AlertMessage[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      told.push(body as AlertMessage);
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('thank you');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${address.port}/services/x?token=${SECRET}`,
    told,
    answer(next) {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
