import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { StackEnvironment } from '../../orchestrator/config/stack-environment.js';
import { LakeError } from '../../orchestrator/errors.js';
import { cachedFolder, type Report } from './cache.js';
import { HOST, type StackContext } from './context.js';
import { copyJars, pinned, pomHash } from './maven.js';
import { ensureProcess, waitUntilReady } from './processes.js';
import { runTool, tryTool } from './run-tool.js';

/** BullMQ's scripts need this much. */
const OLDEST: readonly [number, number] = [6, 2];

/** Redis for the queue. It keeps nothing on disk: the ledger rebuilds the queue (design section 4). */
export async function startRedis(context: StackContext): Promise<void> {
  const { layout, environment, ports } = context;
  if (context.state.redisUrl !== undefined) return;
  const program = await redisProgram(context);
  mkdirSync(layout.redis, { recursive: true, mode: 0o700 });
  const command = {
    program,
    args: [
      ['--port', String(ports.redis)],
      ['--bind', HOST],
      ['--dir', layout.redis],
      ['--save', ''],
      ['--appendonly', 'no'],
      // BullMQ loses jobs under any other policy.
      ['--maxmemory-policy', 'noeviction'],
      ['--daemonize', 'no'],
    ].flat(),
    inherited: environment.daemon,
    cwd: layout.redis,
  };
  await ensureProcess(layout, 'redis', command, context.report);
  await waitUntilReady(layout, 'redis', () => answers(redisUrl(context)));
}

export function redisUrl({ state, ports }: Pick<StackContext, 'state' | 'ports'>): string {
  return state.redisUrl ?? `redis://${HOST}:${ports.redis}`;
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
  client.on('error', () => undefined); // The answer below says it.
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/** A system redis-server that is new enough, else the one inside the Maven jar embedded-redis. */
async function redisProgram({ environment, report }: StackContext): Promise<string> {
  if (await isUsable('redis-server')) return 'redis-server';
  const version = pinned('embedded-redis.version');
  const folder = await cachedFolder(
    environment.cacheFolder,
    `redis-${version}-${pomHash()}`,
    report,
    async (target) => {
      await unpackBinaries(environment, target, report);
    },
  );
  for (const name of candidates(readdirSync(folder))) {
    if (await isUsable(join(folder, name))) return join(folder, name);
  }
  throw new LakeError('TOOL_MISSING', `No bundled redis-server runs on ${process.platform} ${process.arch}`, {
    mend: 'Install redis-server 6.2 or newer (package redis-server), or give --redis-url.',
  });
}

async function unpackBinaries(
  { java, cacheFolder }: StackEnvironment,
  target: string,
  report: Report,
): Promise<void> {
  const scratch = join(target, 'scratch');
  await copyJars({ profile: 'redis', folder: scratch, cacheFolder, what: 'Redis (13 MB)' }, report);
  const [jar] = readdirSync(scratch);
  if (jar === undefined) throw new LakeError('STACK_FAILED', 'Maven copied no embedded-redis jar');
  await runTool('Unpacking Redis', java, ['-m', 'jdk.jartool/sun.tools.jar.Main', 'xf', jar], {
    cwd: scratch,
  });
  for (const name of readdirSync(scratch).filter((entry) => entry.startsWith('redis-server-'))) {
    renameSync(join(scratch, name), join(target, name));
    chmodSync(join(target, name), 0o755);
  }
  rmSync(scratch, { recursive: true });
}

/**
 * Binaries for this machine, best first. The Linux 386 build is static and runs on amd64 too: it serves where the
 * amd64 one does not find OpenSSL 3.
 */
function candidates(names: readonly string[]): string[] {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const endings = [
    `${process.platform}-${arch}`,
    ...(process.arch === 'x64' ? [`${process.platform}-386`] : []),
  ];
  return endings.flatMap((ending) => names.filter((name) => name.endsWith(ending)));
}

async function isUsable(program: string): Promise<boolean> {
  const { exitCode, output } = await tryTool(program, ['--version']);
  const version = /v=(\d+)\.(\d+)/.exec(output);
  if (exitCode !== 0 || version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
