import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { StorageEnvironment } from '../../../orchestrator/config/environment.js';
import { createS3Client } from '../../../orchestrator/storage/s3-client.js';

const VERSION = 'github.com/versity/versitygw/cmd/versitygw@latest';
const TOOLS = join(tmpdir(), 'dimagi-lake-tools');
const START_TIMEOUT_MS = 20_000;

export interface S3Server {
  readonly environment: StorageEnvironment;
  put(bucket: string, key: string, content: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** A real S3 server over a temporary folder, on loopback and a free port, with the buckets named. */
export async function startVersitygw(buckets: readonly string[]): Promise<S3Server> {
  const binary = await installed();
  const folder = await mkdtemp(join(tmpdir(), 'versitygw-'));
  for (const bucket of buckets) await mkdir(join(folder, 'data', bucket), { recursive: true });
  await mkdir(join(folder, 'sidecar'));
  const port = await freePort();
  const keys = { access: 'test-access', secret: 'test-secret-key' };
  const server = spawn(
    binary,
    ['--port', `127.0.0.1:${port}`, '--access', keys.access, '--secret', keys.secret, '--quiet'].concat([
      'posix',
      '--sidecar',
      join(folder, 'sidecar'),
      join(folder, 'data'),
    ]),
    { stdio: 'ignore' },
  );
  const exited = once(server, 'exit');
  await answering(port);
  const environment = {
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: keys.access,
    AWS_SECRET_ACCESS_KEY: keys.secret,
    AWS_REGION: 'us-east-1',
  };
  const client = createS3Client(environment);
  return {
    environment,
    async put(bucket, key, content) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
    },
    async stop() {
      client.destroy();
      server.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function installed(): Promise<string> {
  const binary = join(TOOLS, 'versitygw');
  if (!existsSync(binary)) {
    await mkdir(TOOLS, { recursive: true });
    await promisify(execFile)('env', [`GOBIN=${TOOLS}`, 'go', 'install', VERSION]);
  }
  return binary;
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

async function answering(port: number): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
