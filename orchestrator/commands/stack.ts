import { type Command } from 'commander';
import { stackStatus, type ServiceStatus } from '../../deploy/stack/stack-status.js';
import { stackDown, stackUp } from '../../deploy/stack/stack.js';
import { EXIT } from '../errors.js';

/** `stack up|down|status`: the embedded services on this machine. Progress goes to stderr, results to stdout. */
export function registerStack(program: Command): void {
  const stack = program
    .command('stack')
    .description('The embedded Postgres, Redis, Kafka and Spark on this machine');
  stack
    .command('up')
    .description('Start what is not running; the first time downloads about 700 MB')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--thrift', 'start the Spark Thrift Server too (JDBC)')
    .option('--redis-url <url>', 'use this Redis instead of starting one')
    .option('--postgres-url <url>', 'use this Postgres (a login that may make databases and roles)')
    .option('--worker-memory <amount>', 'of the Spark worker, default 8g')
    .option('--json', 'print the result as JSON')
    .action(async (options: UpFlags) => {
      const facts = await stackUp({ ...options, report: progress });
      if (options.json === true)
        print(JSON.stringify({ dir: facts.dir, environmentFile: facts.environmentFile }));
      else print(`The stack is up. Next:\n  . ${facts.environmentFile}`);
    });
  stack
    .command('down')
    .description('End every process of the stack; data stays')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--json', 'print the result as JSON')
    .action(async (options: { dir: string; json?: boolean }) => {
      const stopped = await stackDown(options.dir, progress);
      if (options.json === true) print(JSON.stringify({ stopped }));
      else print(stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`);
    });
  stack
    .command('status')
    .description('Show each service; exit code 4 when one is not running')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--json', 'print the result as JSON')
    .action(async (options: { dir: string; json?: boolean }) => {
      const services = await stackStatus(options.dir);
      print(options.json === true ? JSON.stringify({ services }) : services.map(line).join('\n'));
      if (!services.every(({ state }) => state === 'running' || state === 'external')) {
        process.exitCode = EXIT.unreachable;
      }
    });
}

function line(service: ServiceStatus): string {
  const facts = [
    service.pid === undefined ? '' : `pid ${service.pid}`,
    service.port === undefined ? '' : `port ${service.port}`,
    service.log ?? '',
  ];
  return [service.name.padEnd(13), service.state.padEnd(9), ...facts].join('  ').trimEnd();
}

interface UpFlags {
  readonly dir: string;
  readonly thrift?: boolean;
  readonly redisUrl?: string;
  readonly postgresUrl?: string;
  readonly workerMemory?: string;
  readonly json?: boolean;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
