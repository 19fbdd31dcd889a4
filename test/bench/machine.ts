import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { pinned } from '../../deploy/stack/maven.js';
import { readStackEnvironment } from '../../orchestrator/config/stack-environment.js';

/** What a reader must know to compare numbers. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly java: string;
  /** Of the stack that the bench brings up, as pinned. */
  readonly spark: string;
  readonly delta: string;
  readonly kafka: string;
  /** One-minute load average when the report began: above 0, others worked beside it. */
  readonly loadBefore: number;
}

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    java: javaVersion(),
    spark: pinned('spark.version'),
    delta: pinned('delta.version'),
    kafka: pinned('kafka.version'),
    loadBefore: Number(loadavg()[0]?.toFixed(1) ?? 0),
  };
}

function javaVersion(): string {
  try {
    const said = execFileSync(readStackEnvironment().java, ['--version'], { encoding: 'utf8' });
    return said.split('\n')[0] ?? '';
  } catch {
    // A measurement that needs Java says so itself.
    return 'none';
  }
}
