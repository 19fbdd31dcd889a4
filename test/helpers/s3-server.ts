import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import './end-on-sigterm.js';

/**
 * A real S3 server for tests: versitygw over a temporary folder. Chosen because its posix backend honours
 * `If-None-Match` for racing writers (S3Proxy's does not), and Go's module proxy carries it.
 */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** S3_ENDPOINT and AWS_*, as the orchestrator and Spark's drivers read them. */
  readonly env: Readonly<Record<string, string>>;
  createBucket(name: string): Promise<void>;
  /** The folder that holds a bucket's objects, each a plain file under its key. */
  bucketFolder(name: string): string;
  /** Whoever asks is refused until `start`; what is stored stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const PROGRAM = 'versitygw';
const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const REGION = 'us-east-1';
const START_MS = 20_000;
const INSTALL_MS = 10 * 60_000;

const live = new Map<string, ChildProcess>();
// A test process that is stopped must not leave its servers and their folders behind.
process.once('exit', () => {
  for (const [root, child] of live) {
    child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
});

/** Its keys are those of the environment, which the stack's worker hands to drivers; without any they are made up. */
export async function startS3Server(): Promise<S3Server> {
  const program = findProgram();
  const root = mkdtempSync(join(tmpdir(), 'dimagi-lake-s3-'));
  for (const folder of ['data', 'metadata']) mkdirSync(join(root, folder));
  const port = await freePort();
  const keys = {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'test',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? randomBytes(16).toString('hex'),
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: REGION, credentials: keys, forcePathStyle: true });
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined) return;
    await end(child);
  };
  const start = async (): Promise<void> => {
    child = spawn(program, serverArguments(root, port), {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        ROOT_ACCESS_KEY: keys.accessKeyId,
        ROOT_SECRET_KEY: keys.secretAccessKey,
      },
    });
    live.set(root, child);
    await waitUntilUp(child, port);
  };
  const close = async (): Promise<void> => {
    client.destroy();
    await stop();
    live.delete(root);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (cause) {
    await close();
    throw cause;
  }
  return {
    endpoint,
    region: REGION,
    ...keys,
    env: {
      S3_ENDPOINT: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
    createBucket: async (name) => {
      await client.send(new CreateBucketCommand({ Bucket: name }));
    },
    bucketFolder: (name) => join(root, 'data', name),
    stop,
    start,
    close,
  };
}

/** Metadata goes into a sidecar folder: a temporary folder's file system need not have extended attributes. */
function serverArguments(root: string, port: number): string[] {
  const data = join(root, 'data');
  const sidecar = join(root, 'metadata');
  return ['--quiet', '--port', `127.0.0.1:${port}`, '--region', REGION, 'posix', '--sidecar', sidecar, data];
}

function findProgram(): string {
  const goFolder = goBinFolder();
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...(goFolder === undefined ? [] : [goFolder]),
  ];
  const found = folders.map((folder) => join(folder, PROGRAM)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (goFolder === undefined) {
    throw new Error(
      `The S3 tests need ${PROGRAM}. Install Go 1.24 or newer (it then installs itself), or put it on PATH.`,
    );
  }
  const { status, stderr } = spawnSync('go', ['install', MODULE], { encoding: 'utf8', timeout: INSTALL_MS });
  if (status === 0) return join(goFolder, PROGRAM);
  throw new Error(`go install ${MODULE} failed: ${stderr.trim().split('\n').slice(-3).join(' | ')}`);
}

/** Where `go install` puts programs; undefined without Go. */
function goBinFolder(): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOBIN', 'GOPATH'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [bin = '', path = ''] = stdout.split('\n');
  return bin === '' ? join(path.split(delimiter)[0] ?? '', 'bin') : bin;
}

async function waitUntilUp(child: ChildProcess, port: number): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.once('error', (cause) => {
    errors += cause.message;
  });
  const until = Date.now() + START_MS;
  while (Date.now() < until && child.exitCode === null && child.pid !== undefined) {
    if (await accepts(port)) return;
    await sleep(50);
  }
  throw new Error(`${PROGRAM} did not come up: ${errors.trim().slice(-500)}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}

function freePort(): Promise<number> {
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

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    child.once('close', () => {
      resolve();
    });
    child.kill('SIGTERM');
  });
}
