import { type Command } from 'commander';
import type { Report } from '../../deploy/stack/cache.js';
import { stackStatus, type ServiceStatus } from '../../deploy/stack/stack-status.js';
import { stackDown, stackUp } from '../../deploy/stack/stack.js';
import { EXIT } from '../errors.js';
import { withExamples } from './help.js';
import { paint } from './terminal/paint.js';
import { printJson, printLine } from './terminal/print.js';
import { StackProgress } from './stack-progress.js';

/** `stack up|down|status`: the embedded services on this machine. Progress goes to stderr, results to stdout. */
export function registerStack(program: Command): void {
  const stack = program
    .command('stack')
    .description('the embedded Postgres, Redis, Kafka and Spark on this machine');
  const up = stack
    .command('up')
    .description('start what is not running; the first time downloads about 700 MB')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--thrift', 'start the Spark Thrift Server too (JDBC)')
    .option('--redis-url <url>', 'use this Redis instead of starting one')
    .option('--postgres-url <url>', 'use this Postgres (a login that may make databases and roles)')
    .option('--worker-memory <amount>', 'of the Spark worker, default 8g')
    .option('--json', 'print the result as JSON')
    .action(async (options: UpFlags) => {
      const facts = await withProgress('stack up', (report) => stackUp({ ...options, report }));
      if (options.json === true) printJson({ dir: facts.dir, environmentFile: facts.environmentFile });
      else printLine(`The stack is up. Next:\n  . ${facts.environmentFile}`);
    });
  const down = stack
    .command('down')
    .description('end every process of the stack; data stays')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--json', 'print the result as JSON')
    .action(async (options: { dir: string; json?: boolean }) => {
      const stopped = await withProgress('stack down', (report) => stackDown(options.dir, report));
      if (options.json === true) printJson({ stopped });
      else printLine(stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`);
    });
  const status = stack
    .command('status')
    .description('show each service; exit code 4 when one is not running')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--json', 'print the result as JSON')
    .action(async (options: { dir: string; json?: boolean }) => {
      const services = await stackStatus(options.dir);
      if (options.json === true) printJson({ services });
      else for (const service of services) printLine(line(service));
      if (!services.every(({ state }) => state === 'running' || state === 'external')) {
        process.exitCode = EXIT.unreachable;
      }
    });
  withExamples(up, {
    'dimagi-lake stack up && . .dimagi-lake/env.sh': 'start, then set the variables in this shell',
    'dimagi-lake stack up --thrift --worker-memory 12g': 'with JDBC, on a larger machine',
  });
  withExamples(down, { 'dimagi-lake stack down': '`stack up` starts the same stack again, with its data' });
  withExamples(status, { 'dimagi-lake stack status --json': 'pid, port and log file of each, for machines' });
}

const STYLE = {
  running: 'green',
  external: 'green',
  starting: 'yellow',
  stopped: 'dim',
  dead: 'red',
} as const;

function line(service: ServiceStatus): string {
  const facts = [
    service.pid === undefined ? '' : `pid ${service.pid}`,
    service.port === undefined ? '' : `port ${service.port}`,
    service.log ?? '',
  ];
  return [service.name.padEnd(13), paint(STYLE[service.state], service.state.padEnd(9)), ...facts]
    .join('  ')
    .trimEnd();
}

interface UpFlags {
  readonly dir: string;
  readonly thrift?: boolean;
  readonly redisUrl?: string;
  readonly postgresUrl?: string;
  readonly workerMemory?: string;
  readonly json?: boolean;
}

/** Steps as a status line on a terminal, as lines elsewhere. */
async function withProgress<T>(what: string, act: (report: Report) => Promise<T>): Promise<T> {
  const progress = new StackProgress(what);
  try {
    return await act((line) => {
      progress.step(line);
    });
  } finally {
    progress.end();
  }
}
