import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

export interface ForgetfulProxy {
  readonly endpoint: string;
  /** Answers lost so far. */
  forgotten(): number;
  close(): Promise<void>;
}

/**
 * Stands before an S3 server and loses the answer to the first put of each commit: the object is stored, the
 * connection breaks, and the client must repeat the request.
 */
export async function startForgetfulProxy(target: string): Promise<ForgetfulProxy> {
  const seen = new Set<string>();
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method, url = '/', headers } = incoming;
    // The headers go on as they are: the signature covers the host that the client believes it talks to.
    const forward = request(target, { method, path: url, headers }, (answer) => {
      const name = new URL(url, target).pathname;
      if (method === 'PUT' && name.endsWith('.json') && !seen.has(name)) {
        seen.add(name);
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forward.once('error', () => incoming.socket.destroy());
    incoming.pipe(forward);
  };
  const server = createServer(pass);
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    forgotten: () => seen.size,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
