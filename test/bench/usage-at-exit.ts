// Loaded into a process of the product by `node --import`: what it used, written at its end to BENCH_USAGE_FILE.
import { writeFileSync } from 'node:fs';
import { peakMemoryBytes } from './peak-memory.js';

export interface Usage {
  /** User and system time of all threads, from the start of the process. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

process.once('exit', () => {
  const file = process.env['BENCH_USAGE_FILE'];
  if (file === undefined) return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpuSeconds: (user + system) / 1e6, peakBytes: peakMemoryBytes() };
  writeFileSync(file, JSON.stringify(usage));
});
