import { usageOf, type Choose, type ProcessUsage } from './process-usage.js';

const CLASSES = /org\.apache\.spark\.(deploy\.worker\.DriverWrapper|executor\.CoarseGrainedExecutorBackend)/;
const THRIFT = 'dimagi-lake-thrift';

/**
 * Watches the drivers and executors of a stack while `act` goes on (see process-usage.ts).
 * @param mark a text in the command line of all of them: the stack's folder
 */
export function whileWatched<T>(
  mark: string,
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly usage: ProcessUsage | null }> {
  return usageOf(sparkOf(mark), act);
}

/** The drivers and executors of a stack, without its Thrift Server. */
export function sparkOf(mark: string): Choose {
  return (all) =>
    all.filter(({ command }) => CLASSES.test(command) && command.includes(mark) && !command.includes(THRIFT));
}
