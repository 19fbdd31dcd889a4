import { readFileSync } from 'node:fs';

/**
 * The most memory this process ever held (resident), in bytes. Not getrusage's figure where /proc has a better one: on
 * Linux a child's begins at what its parent held when it was forked.
 */
export function peakMemoryBytes(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No Linux: then getrusage has it.
  }
  return process.resourceUsage().maxRSS * 1024;
}
