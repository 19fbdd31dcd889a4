import type { AddressInfo } from 'node:net';
import { createApi } from './app.js';
import type { ApiParts } from './parts.js';

/** A listening API. */
export interface ApiServer {
  readonly url: string;
  /** Answers what is under way, ends streams, takes nothing new. */
  close(): Promise<void>;
}

/** A request that takes longer to arrive is cut off: a slow sender must not hold a connection for ever. */
const REQUEST_MS = 30_000;

/** @throws Error EADDRINUSE when the port is taken */
export async function startApi(
  parts: ApiParts,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ApiServer> {
  const app = await createApi(parts);
  app.server.requestTimeout = REQUEST_MS;
  await app.listen({ host, port });
  const { port: taken } = app.server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${taken}`;
  parts.logger.info('the API listens', { url });
  return { url, close: () => app.close() };
}
