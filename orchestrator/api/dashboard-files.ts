import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

declare module 'fastify' {
  interface FastifyReply {
    /** The dashboard's page, whatever its route. */
    page(): FastifyReply;
  }
}

const NOT_BUILT = `<!doctype html><html lang="en"><title>Dimagi Lake</title>
<h1>The dashboard is not built</h1><p>Run <code>npm run build</code>, then start the API again. The API itself answers; see
<a href="/api/docs">its description</a>.</p></html>`;
const YEAR_SECONDS = 31_536_000;

/** The built dashboard. Files under assets/ carry a hash in their names, so browsers keep them; the page itself is always asked for. */
export async function installDashboard(app: FastifyInstance, folder: string): Promise<void> {
  const isBuilt = existsSync(join(folder, 'index.html'));
  app.decorateReply('page', function page(this: FastifyReply) {
    void this.header('cache-control', 'no-cache');
    if (!isBuilt) return this.code(503).type('text/html; charset=utf-8').send(NOT_BUILT);
    return this.sendFile('index.html', { maxAge: 0, immutable: false });
  });
  if (!isBuilt) return;
  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    schemaHide: true,
    cacheControl: false,
    setHeaders: (response, path) => {
      const isHashed = path.includes('/assets/');
      response.setHeader(
        'cache-control',
        isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
      );
    },
  });
}
