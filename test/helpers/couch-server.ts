import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import expressPouchDB from 'express-pouchdb';
import memory from 'pouchdb-adapter-memory';
import PouchDB from 'pouchdb-core';
import mapreduce from 'pouchdb-mapreduce';

/** A server that speaks CouchDB, in this process and in memory, behind a login. */
export interface CouchServer {
  readonly port: number;
  /** As HQ_USERS wants it, of a database. */
  users(database: string, login?: string, password?: string, port?: number): string;
  /** As a client with the right login would ask. @returns status and answer */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; answer: unknown }>;
  /** Requests so far, as `METHOD path?query`. */
  readonly requests: readonly string[];
  /** Answers the requests whose line holds the text as another server would; undefined: as CouchDB again. */
  impersonate(text: string, answer: ((response: ServerResponse) => void) | undefined): void;
  close(): Promise<void>;
}

/** With characters that a URL must escape. */
export const COUCH_LOGIN = { login: 'lake@reader', password: 'p/w:#1 ü' } as const;

export async function startCouchServer(): Promise<CouchServer> {
  const logs = mkdtempSync(join(tmpdir(), 'couch-'));
  const requests: string[] = [];
  const others = new Map<string, (response: ServerResponse) => void>();
  const app = express();
  app.use((request, response, next) => {
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    requests.push(line);
    const other = [...others].find(([text]) => line.includes(text))?.[1];
    if (other !== undefined) other(response);
    else if (isKnown(request)) next();
    else refuse(response);
  });
  const prefix = `mem-${randomBytes(4).toString('hex')}-`;
  const pouch = PouchDB.plugin(memory).plugin(mapreduce).defaults({ adapter: 'memory', prefix });
  const options = { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: join(logs, 'log.txt') };
  app.use(expressPouchDB(pouch, options));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    users: (database, login = COUCH_LOGIN.login, password = COUCH_LOGIN.password, at = port) =>
      `couchdb+http://${encodeURIComponent(login)}:${encodeURIComponent(password)}@127.0.0.1:${at}/${database}`,
    async ask(method, path, body) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, answer: JSON.parse(await response.text()) as unknown };
    },
    impersonate(text, answer) {
      if (answer === undefined) others.delete(text);
      else others.set(text, answer);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(logs, { recursive: true, force: true });
    },
  };
}

const AUTHORIZATION = `Basic ${Buffer.from(`${COUCH_LOGIN.login}:${COUCH_LOGIN.password}`).toString('base64')}`;

function isKnown(request: IncomingMessage): boolean {
  return request.headers.authorization === AUTHORIZATION;
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end('{"error":"unauthorized","reason":"Name or password is incorrect."}');
}
