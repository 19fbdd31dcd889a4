import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * Reads the machine's processes: on Linux from /proc (a slim container has no `ps`), elsewhere from `ps`.
 * A start mark tells a process from a later one that was given the same pid.
 */
export interface ProcessEntry {
  readonly pid: number;
  readonly groupId: number;
  /** Opaque; equal for the whole life of a process. */
  readonly startMark: string;
}

/** @returns undefined when there is no such process, or only its zombie */
export function processEntry(pid: number): ProcessEntry | undefined {
  if (process.platform === 'linux') return fromProc(pid);
  return fromPs(['-p', String(pid)])[0];
}

/** All live processes of one process group. */
export function processGroup(groupId: number): readonly ProcessEntry[] {
  const all =
    process.platform === 'linux'
      ? readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (fromProc(Number(name)) ?? []) : []))
      : fromPs(['-A']);
  return all.filter((entry) => entry.groupId === groupId);
}

function fromProc(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It ended between the listing and the reading.
  }
  // The second field is the program's name in brackets and may hold spaces; fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const started = fields[19];
  if (state === 'Z' || state === 'X' || group === undefined || started === undefined) return undefined;
  return { pid, groupId: Number(group), startMark: `${bootMark()}:${started}` };
}

let bootId: string | undefined;

/** Start times count from boot, so the boot belongs to the mark. */
function bootMark(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

function fromPs(selection: readonly string[]): ProcessEntry[] {
  let listing: string;
  try {
    listing = execFileSync('ps', [...selection, '-o', 'pid=,pgid=,state=,lstart='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    });
  } catch {
    return []; // ps ends with 1 when nothing matches.
  }
  return listing.split('\n').flatMap((line) => {
    const [pid, groupId, state, ...started] = line.trim().split(/\s+/);
    if (pid === undefined || groupId === undefined || state === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), groupId: Number(groupId), startMark: started.join(' ') }];
  });
}
