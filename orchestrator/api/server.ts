import type { AddressInfo } from 'node:net';
import { dashboardUrl } from '../config/dashboard-url.js';
import { LakeError } from '../errors.js';
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

/** Where it listens. */
export interface ApiPlace {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** @throws LakeError CONFIG_INVALID when it can't listen there */
export async function startApi(parts: ApiParts, { host, port }: ApiPlace): Promise<ApiServer> {
  const app = await createApi(parts);
  app.server.requestTimeout = REQUEST_MS;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new LakeError('CONFIG_INVALID', `The API can't listen at ${host}:${port} (${why})`, {
      mend: 'Set API_HOST and API_PORT to an address of this machine that is free; API_PORT=0 takes any port.',
      cause,
    });
  }
  const { port: taken } = app.server.address() as AddressInfo;
  const url = dashboardUrl({ API_HOST: host, API_PORT: taken });
  parts.logger.info('API and dashboard', { url });
  return { url, close: () => app.close() };
}
