import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface TearingProxy {
  readonly endpoint: string;
  /** Answers torn so far. */
  torn(): number;
}

/** Stands before an S3 server and breaks the connection half-way through the first `times` answers to a GET. */
export async function startTearingProxy(
  t: TestContext,
  target: string,
  times: number,
): Promise<TearingProxy> {
  let torn = 0;
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method, url = '/', headers } = incoming;
    // The headers go on as they are: the signature covers the host that the client believes it talks to.
    const forward = request(target, { method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (method !== 'GET' || torn >= times) {
        answer.pipe(outgoing);
        return;
      }
      torn++;
      answer.once('data', (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, chunk.byteLength / 2), () => incoming.socket.destroy());
        answer.destroy();
      });
    });
    forward.once('error', () => incoming.socket.destroy());
    incoming.pipe(forward);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    torn: () => torn,
  };
}
