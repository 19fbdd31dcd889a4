import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { whoHasSession, whoHasToken } from '../../ledger/api-tokens.js';
import { SESSION_TIMES, type Caller } from '../access/caller.js';
import { requireCaller } from '../access/guard.js';
import { reads } from '../access/roles.js';
import { sha256 } from '../access/secrets.js';
import type { Api, ApiParts } from '../parts.js';
import { ApiProblem } from '../problems.js';

/** A stream costs a socket and a line a second at most; more of them than people is a fault of some client. */
const MOST_STREAMS = 200;
const MOST_OF_ONE = 20;
/** Proxies end connections that are silent for a minute; and so often it is looked whether the session still lives. */
const HEARTBEAT_MS = 20_000;
/** What a client has not read by then is not read: it is cut off and comes back. */
const MOST_UNREAD_BYTES = 64 * 1024;

/** Live changes by server-sent events. */
export function eventRoutes(app: Api, { changes, database }: ApiParts): void {
  const open = new Map<() => void, string>();
  app.addHook('preClose', (done) => {
    for (const end of open.keys()) end();
    done();
  });

  app.get(
    '/events',
    {
      config: reads(),
      schema: {
        tags: ['operation'],
        summary: 'Live changes, as server-sent events',
        description:
          'Event `change`: `{"what": "jobs", "ids": [], "at": "…"}` tells that something of the kind has changed (no ids: any of them); ask again for what is shown. ' +
          'Kinds: jobs, topics, tables, months, pauses, alerts. The stream ends with the session.',
        produces: ['text/event-stream'],
        response: { 200: { content: { 'text/event-stream': { schema: z.string() } } } },
      },
    },
    (request, reply) => {
      const caller = requireCaller(request);
      const ofOne = [...open.values()].filter((name) => name === caller.name).length;
      if (open.size >= MOST_STREAMS || ofOne >= MOST_OF_ONE) {
        throw new ApiProblem(
          'RATE_LIMITED',
          'Too many streams of events are open',
          'Close other pages of the dashboard.',
        );
      }
      stream(reply, caller);
    },
  );

  function stream(reply: FastifyReply, caller: Caller): void {
    const { raw } = reply;
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const write = (text: string): void => {
      if (raw.writableLength > MOST_UNREAD_BYTES) end();
      else raw.write(text);
    };
    const unsubscribe = changes.subscribe((change) => {
      write(`event: change\ndata: ${JSON.stringify(change)}\n\n`);
    });
    const heart = setInterval(() => {
      lives(caller)
        .then((isAlive) => {
          if (isAlive) write(': \n\n');
          else end();
        })
        .catch(() => undefined);
    }, HEARTBEAT_MS);
    const end = (): void => {
      clearInterval(heart);
      unsubscribe();
      open.delete(end);
      raw.end();
    };
    open.set(end, caller.name);
    raw.on('close', end);
    write('retry: 3000\n\n');
  }

  /** An open page is no use of a session: one that nobody touches ends all the same. */
  async function lives(caller: Caller): Promise<boolean> {
    if (caller.session !== null) {
      return (await whoHasSession(database, sha256(caller.session), SESSION_TIMES, false)) !== undefined;
    }
    return caller.tokenSha256 !== null && (await whoHasToken(database, caller.tokenSha256)) !== undefined;
  }
}
