// Makes a fresh clone runnable: `npm ci` when node_modules does not match the lockfile, `tsc` and `vite build` when what
// they made is older than a source. Plain JavaScript with no dependency, because it runs before there are any.
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
  if (isInstalled() && isBuilt() && isDashboardBuilt()) return;
  await underLock(() => {
    if (!isInstalled()) install();
    if (!isBuilt()) build();
    if (!isDashboardBuilt()) buildDashboard();
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
const DASHBOARD = join(ROOT, 'orchestrator', 'dashboard');
// Not in dist/dashboard, which Vite empties and the API serves.
const dashboardStamp = join(ROOT, 'dist', '.built-dashboard');

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
    (place) => newest(join(ROOT, place), (name) => name.endsWith('.ts')) <= built,
  );
}

/** The bundle holds nothing from outside its folder but packages: of the API's schemas it knows the types only. */
function isDashboardBuilt() {
  if (!existsSync(dashboardStamp) || !existsSync(join(ROOT, 'dist', 'dashboard', 'index.html'))) return false;
  const built = statSync(dashboardStamp).mtimeMs;
  return [DASHBOARD, join(ROOT, 'package-lock.json')].every((place) => newest(place, () => true) <= built);
}

function newest(path, isSource) {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => (entry.isDirectory() ? isOurs(join(path, entry.name)) : isSource(entry.name)))
    .reduce((latest, entry) => Math.max(latest, newest(join(path, entry.name), isSource)), 0);
}

/** The dashboard is built by itself; a change of it must not cost a run of tsc. */
function isOurs(folder) {
  return !folder.endsWith('node_modules') && folder !== DASHBOARD;
}

function build() {
  console.error('Building (tsc) …');
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, '');
}

/** Vite alone: types are looked at by `npm run lint`, so that a start does not wait for them. */
function buildDashboard() {
  console.error('Building the dashboard (vite) …');
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  run(process.execPath, [vite, 'build', DASHBOARD, '--logLevel', 'warn']);
  writeFileSync(dashboardStamp, '');
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
