import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { LakeError } from '../../orchestrator/errors.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import { withLock } from './lock.js';
import { stackLayout } from './layout.js';

/** The port each service takes when it is free. */
const USUAL_PORTS = {
  kafka: 9092,
  kafkaController: 9093,
  redis: 6379,
  postgres: 5432,
  sparkMaster: 7077,
  sparkRest: 6066,
  sparkMasterUi: 8080,
  sparkWorkerUi: 8081,
  thrift: 10000,
  api: 8090,
} as const;

export type PortName = keyof typeof USUAL_PORTS;
export type Ports = Readonly<Record<PortName, number>>;

// Below the range that systems give to outgoing connections, so that none of those takes a port between two starts.
const FIRST_OTHER = 20_000;
const LAST_OTHER = 31_999;
const HOST = '127.0.0.1';

/**
 * Ports for the services of one stack. A port is claimed for the stack's directory in a file that all stacks of
 * this user share, so two that start at once, or one that is down, do not take each other's.
 * @param remembered ports of the last start; kept unless `isFree` says that a stranger listens there now
 * @param running ports that this stack's own live services hold
 */
export async function choosePorts(
  cacheFolder: string,
  dir: string,
  remembered: Partial<Ports>,
  running: ReadonlySet<PortName>,
): Promise<Ports> {
  const claimsFile = join(cacheFolder, 'ports.json');
  return withLock(`${claimsFile}.lock`, async () => {
    const claims = liveClaims(claimsFile);
    const taken = new Set(
      Object.entries(claims).flatMap(([port, owner]) => (owner === dir ? [] : [Number(port)])),
    );
    const chosen: Partial<Record<PortName, number>> = {};
    for (const name of portNames()) {
      const before = remembered[name];
      const port =
        before !== undefined && running.has(name)
          ? before
          : await firstFree([before, USUAL_PORTS[name]], taken);
      taken.add(port);
      chosen[name] = port;
    }
    const ports = allPorts(chosen);
    const others = Object.entries(claims).filter(([, owner]) => owner !== dir);
    const own = Object.values(ports).map((port) => [String(port), dir]);
    writeJsonFile(claimsFile, Object.fromEntries([...others, ...own]));
    return ports;
  });
}

/** True when nothing on this machine listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  return !(await accepts(HOST, port)) && (await canListen(port));
}

/** True when something accepts connections there. */
export function accepts(host: string, port: number, timeoutMs = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => {
      end(false);
    });
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: HOST, port, exclusive: true }, () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}

async function firstFree(
  wanted: readonly (number | undefined)[],
  taken: ReadonlySet<number>,
): Promise<number> {
  for (const port of wanted) {
    if (port !== undefined && !taken.has(port) && (await isFree(port))) return port;
  }
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(FIRST_OTHER, LAST_OTHER + 1);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new LakeError('STACK_FAILED', `No free port between ${FIRST_OTHER} and ${LAST_OTHER}`, {
    mend: 'End what listens on so many loopback ports.',
  });
}

/** A claim ends with its stack's directory. */
function liveClaims(claimsFile: string): Record<string, string> {
  const claims = z
    .record(z.string(), z.string())
    .catch({})
    .parse(readJsonFile(claimsFile) ?? {});
  return Object.fromEntries(
    Object.entries(claims).filter(([, dir]) => existsSync(stackLayout(dir).stateFile)),
  );
}

function portNames(): PortName[] {
  return Object.keys(USUAL_PORTS) as PortName[];
}

function allPorts(chosen: Partial<Record<PortName, number>>): Ports {
  return Object.fromEntries(portNames().map((name) => [name, chosen[name] ?? USUAL_PORTS[name]])) as Record<
    PortName,
    number
  >;
}
