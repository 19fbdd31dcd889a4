import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Closing } from './fresh-lake.js';
import { stackVariable } from './stack-environment.js';

/**
 * What becomes of one request: `pass` it on, `cut` the answer off after Spark has done it, `swallow` it (Spark never
 * hears of it), or `hold` it until `deliverHeld`, the asker having gone. `answer`: Spark is not asked, this is what it is
 * said to have said.
 */
export type Fate = 'pass' | 'cut' | 'swallow' | 'hold' | { readonly answer: object };

export interface RestProxy {
  /** For SPARK_REST_URLS. */
  readonly url: string;
  /** Acts (`create`, `status`, `kill`) that came, in order. */
  readonly acts: readonly string[];
  /** Sends Spark what was held. @returns HTTP status of each */
  deliverHeld(): Promise<number[]>;
}

/** A network between orchestrator and Spark's REST port that loses what it is told to lose. Closed by `t.after`. @param target default: the stack's */
export async function startRestProxy(
  t: Closing,
  fateOf: (act: string, count: number) => Fate,
  target = new URL(stackVariable('SPARK_REST_URLS')),
): Promise<RestProxy> {
  const acts: string[] = [];
  const held: Held[] = [];
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then(async (body) => {
      const act = incoming.url?.split('/')[3] ?? '';
      acts.push(act);
      const fate = fateOf(act, acts.filter((each) => each === act).length);
      if (typeof fate === 'object') {
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(fate.answer));
        return;
      }
      const message = {
        method: incoming.method ?? 'GET',
        path: incoming.url ?? '/',
        headers: incoming.headers,
        body,
      };
      if (fate === 'hold') held.push(message);
      if (fate === 'hold' || fate === 'swallow') {
        incoming.socket.destroy();
        return;
      }
      await passOn(target, message, fate === 'cut' ? undefined : outgoing).catch(() => undefined);
      if (fate === 'cut') incoming.socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    acts,
    deliverHeld: () => Promise.all(held.splice(0).map((message) => passOn(target, message, undefined))),
  };
}

interface Held {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** @param outgoing where the answer goes; left out, it is read and lost */
function passOn(target: URL, message: Held, outgoing: ServerResponse | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const { method, path, headers, body } = message;
    const onward = request(
      { host: target.hostname, port: target.port, method, path, headers: { ...headers, host: target.host } },
      (answer) => {
        const status = answer.statusCode ?? 502;
        answer.once('end', () => {
          resolve(status);
        });
        if (outgoing === undefined) answer.resume();
        else answer.pipe(outgoing.writeHead(status, answer.headers));
      },
    );
    onward.once('error', (error) => {
      outgoing?.destroy();
      reject(error);
    });
    onward.end(body);
  });
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
