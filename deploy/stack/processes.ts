import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LakeError } from '../../orchestrator/errors.js';
import type { Report } from './cache.js';
import { readJsonFile, writeJsonFile } from './json-file.js';
import type { StackLayout } from './layout.js';
import { processEntry, processGroup } from './process-table.js';

/** The stack's own processes, in the order they start. The Thrift Server is a driver of the worker. */
export const SERVICES = ['postgres', 'redis', 'kafka', 'spark-master', 'spark-worker'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** D/services.json: the pid and the start mark together name a process, so a reused pid is never killed. */
const recordSchema = z.record(
  z.enum(SERVICES),
  z.object({ pid: z.number(), startMark: z.string(), command: z.string() }).optional(),
);
type Records = z.infer<typeof recordSchema>;

export interface ServiceCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The caller's variables that a daemon needs to run; another shell's differ, and that is no reason to restart. */
  readonly inherited: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What its configuration file says. */
  readonly settings?: string;
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A signal other than SIGTERM that a service wants for a quick, orderly end: Postgres waits for clients else. */
const STOP_SIGNAL: Partial<Record<ServiceName, NodeJS.Signals>> = { postgres: 'SIGINT' };
const GRACE_MS = 20_000;
const LOOK_AGAIN_MS = 100;

export function logFile(layout: StackLayout, name: string): string {
  return join(layout.logs, `${name}.log`);
}

/**
 * Makes sure that the service runs by this very command: one that runs is left alone, one that runs by another
 * (a port, a password or a version has changed) is restarted. Processes are of their own session and outlive us;
 * their output is appended to D/logs.
 * @returns true when it was started now
 */
export async function ensureProcess(
  layout: StackLayout,
  name: ServiceName,
  command: ServiceCommand,
  report: Report,
): Promise<boolean> {
  const wanted = fingerprint(command);
  if (livePid(layout, name) !== undefined && readRecords(layout)[name]?.command === wanted) return false;
  // Also when its main process has ended: a worker's drivers may be left over.
  await stopProcess(layout, name);
  report(`Starting ${name}`);
  await start(layout, name, command, wanted);
  return true;
}

function fingerprint({ program, args, environment, settings }: ServiceCommand): string {
  const facts = JSON.stringify([program, args, environment ?? {}, settings ?? '']);
  return createHash('sha256').update(facts).digest('hex').slice(0, 16);
}

function start(
  layout: StackLayout,
  name: ServiceName,
  command: ServiceCommand,
  wanted: string,
): Promise<void> {
  mkdirSync(layout.logs, { recursive: true });
  const log = openSync(logFile(layout, name), 'a', 0o600);
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, [...command.args], {
      cwd: command.cwd,
      env: { ...command.inherited, ...command.environment },
      detached: true,
      stdio: ['ignore', log, log],
      ...(command.uid === undefined ? {} : { uid: command.uid }),
      ...(command.gid === undefined ? {} : { gid: command.gid }),
    });
    closeSync(log);
    child.once('error', (cause) => {
      reject(new LakeError('STACK_FAILED', `${name} could not be started: ${cause.message}`, { cause }));
    });
    child.once('spawn', () => {
      child.unref();
      if (child.pid !== undefined) record(layout, name, child.pid, wanted);
      resolve();
    });
  });
}

/** The live process recorded under this name, if any. */
export function livePid(layout: StackLayout, name: ServiceName): number | undefined {
  const entry = readRecords(layout)[name];
  if (entry === undefined) return undefined;
  return processEntry(entry.pid)?.startMark === entry.startMark ? entry.pid : undefined;
}

/**
 * Ends a service and everything in its process group (the worker's drivers), orderly first, by force after 20 s.
 * @returns true when anything was running
 */
export async function stopProcess(layout: StackLayout, name: ServiceName): Promise<boolean> {
  const pid = livePid(layout, name);
  const orphans = ownGroup(layout, name);
  if (pid !== undefined) signal(pid, STOP_SIGNAL[name] ?? 'SIGTERM');
  else for (const orphan of orphans) signal(orphan, 'SIGTERM');
  const giveUp = Date.now() + GRACE_MS;
  while (ownGroup(layout, name).length > 0) {
    if (Date.now() > giveUp) {
      for (const member of ownGroup(layout, name)) signal(member, 'SIGKILL');
    }
    // The leader has ended: what is left of its group has no one to ask it to end.
    else if (livePid(layout, name) === undefined) {
      for (const member of ownGroup(layout, name)) signal(member, 'SIGTERM');
    }
    await sleep(LOOK_AGAIN_MS);
  }
  writeRecord(layout, name, undefined);
  return pid !== undefined || orphans.length > 0;
}

/** What was started under this name and has not been stopped, alive or not. */
export function wasStarted(layout: StackLayout, name: ServiceName): boolean {
  return readRecords(layout)[name] !== undefined;
}

/** For fault tests: sends a signal (SIGKILL unless told) to the service's main process only. */
export function killProcess(layout: StackLayout, name: ServiceName, how: NodeJS.Signals = 'SIGKILL'): void {
  const pid = livePid(layout, name);
  if (pid !== undefined) signal(pid, how);
}

/**
 * Waits for a condition that tells that a service is ready.
 * @throws LakeError STACK_FAILED when its process ends or the time is over, with the last lines of its log
 */
export async function waitUntilReady(
  layout: StackLayout,
  name: ServiceName,
  isReady: () => Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  const giveUp = Date.now() + timeoutMs;
  while (!(await isReady())) {
    const ended = livePid(layout, name) === undefined;
    if (ended || Date.now() > giveUp) {
      throw new LakeError(
        'STACK_FAILED',
        `${name} ${ended ? 'ended at its start' : `is not ready after ${timeoutMs / 1000} s`}:\n${logTail(layout, name)}`,
        { facts: { service: name }, mend: `Read ${logFile(layout, name)}.` },
      );
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

function logTail(layout: StackLayout, name: ServiceName): string {
  const file = logFile(layout, name);
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}

/**
 * Live members of the group that the recorded process led. A live leader that is not the recorded process means
 * that the pid was given to another: then the group is not ours.
 */
function ownGroup(layout: StackLayout, name: ServiceName): readonly number[] {
  const entry = readRecords(layout)[name];
  if (entry === undefined) return [];
  const leader = processEntry(entry.pid);
  if (leader !== undefined && leader.startMark !== entry.startMark) return [];
  return processGroup(entry.pid).map((member) => member.pid);
}

function signal(pid: number, how: NodeJS.Signals): void {
  try {
    process.kill(pid, how);
  } catch {
    // It has just ended, which is what was wanted.
  }
}

function readRecords(layout: StackLayout): Records {
  return recordSchema.parse(readJsonFile(layout.servicesFile) ?? {});
}

function record(layout: StackLayout, name: ServiceName, pid: number, command: string): void {
  const startMark = processEntry(pid)?.startMark;
  // No entry: it has ended already, which waitUntilReady will tell.
  writeRecord(layout, name, startMark === undefined ? undefined : { pid, startMark, command });
}

function writeRecord(layout: StackLayout, name: ServiceName, entry: Records[ServiceName]): void {
  writeJsonFile(layout.servicesFile, { ...readRecords(layout), [name]: entry });
}
