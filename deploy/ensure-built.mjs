// Makes a fresh clone runnable: `npm ci` when node_modules does not match the lockfile, `tsc` when dist is older
// than a source. Plain JavaScript with no dependency, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE_FOLDERS = ['orchestrator', 'deploy', 'test'];
const LOCK_STALE_MS = 10 * 60_000;

export async function ensureBuilt() {
  requireNode();
  if (isInstalled() && isBuilt()) return;
  await underLock(() => {
    if (!isInstalled()) install();
    if (!isBuilt()) build();
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `Node ${process.versions.node} is too old. Install Node 20.19 or newer, then run this again.`,
  );
  process.exit(7);
}

const installStamp = join(ROOT, 'node_modules', '.dimagi-lake-lock-sha256');
const buildStamp = join(ROOT, 'dist', '.built');

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
}

function isInstalled() {
  return existsSync(installStamp) && readFileSync(installStamp, 'utf8') === lockHash();
}

function install() {
  console.error('Installing packages (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(installStamp, lockHash());
}

function isBuilt() {
  if (!existsSync(buildStamp)) return false;
  const built = statSync(buildStamp).mtimeMs;
  return ['tsconfig.json', 'package-lock.json', ...SOURCE_FOLDERS].every(
    (place) => newest(join(ROOT, place)) <= built,
  );
}

function newest(path) {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => (entry.isDirectory() ? entry.name !== 'node_modules' : entry.name.endsWith('.ts')))
    .reduce((latest, entry) => Math.max(latest, newest(join(path, entry.name))), 0);
}

function build() {
  console.error('Building (tsc) …');
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, '');
}

function run(command, args) {
  // stdout of the steps goes to our stderr, so that `--json` output stays clean.
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(
    `${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`,
  );
  process.exit(1);
}

/** Two commands started at once must not install or build at once: a folder is the lock (mkdir is atomic). */
async function underLock(act) {
  const lock = join(ROOT, '.ensure-built.lock');
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
      if (age > LOCK_STALE_MS) rmdirSync(lock);
      else await sleep(300);
    }
  }
  const release = () => existsSync(lock) && rmdirSync(lock);
  process.once('exit', release);
  try {
    act();
  } finally {
    release();
    process.off('exit', release);
  }
}
