import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import type { Closing } from './fresh-lake.js';

/** A way to a service that can be shut: connections are cut and refused until it is opened again. */
export interface TcpGate {
  readonly port: number;
  shut(): Promise<void>;
  open(): Promise<void>;
  /** What comes from now on is held back so long, piece by piece; 0: not at all, as at first. */
  slow(milliseconds: number): void;
}

/** Open at first; closed by `t.after`. */
export async function startTcpGate(t: Closing, host: string, port: number): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let heldBackMs = 0;
  const late = (): Transform =>
    new Transform({
      transform(piece: Buffer, _encoding, done) {
        if (heldBackMs === 0) done(null, piece);
        else
          setTimeout(() => {
            done(null, piece);
          }, heldBackMs);
      },
    });
  const server = createServer((incoming) => {
    const outgoing = connect(port, host);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.pipe(late()).pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', (broken) => {
        sockets.delete(from);
        // An orderly end comes through the pipe, behind what is held back still.
        if (broken) to.destroy();
      });
    }
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  t.after(async () => {
    if (server.listening) await shut();
  });
  const slow = (milliseconds: number): void => {
    heldBackMs = milliseconds;
  };
  return { port: own, shut, open: () => listen(own), slow };
}
