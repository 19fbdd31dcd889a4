import { Redis } from 'ioredis';
import { killService, stackUp } from '../../../../deploy/stack/stack.js';
import { stackVariable } from '../../../helpers/stack-environment.js';
import { liveDrivers, liveWorkers } from '../../../helpers/spark-drivers.js';
import { until } from '../../../helpers/until.js';
import type { Injector } from './injector.js';

type Service = Parameters<typeof killService>[1];

/** kill -9 of one service's process; mended by `stack up`, which starts what is not running at its old place. */
export function killed(service: Service): Injector {
  return {
    inject({ stack, say }) {
      killService(stack, service);
      return Promise.resolve(async () => {
        await stackUp({ dir: stack, report: say });
      });
    },
  };
}

export const redisFlush: Injector = {
  async inject() {
    const redis = new Redis(stackVariable('REDIS_URL'), { retryStrategy: () => null, lazyConnect: true });
    // Told by the command that fails.
    redis.on('error', () => undefined);
    try {
      await redis.flushall();
      return () => Promise.resolve();
    } catch {
      return undefined; // Another fault has it down: it will come back empty.
    } finally {
      redis.disconnect();
    }
  },
};

/** The master calls a worker dead that is silent for a minute, and its drivers with it: they work on all the while. */
export const workerFreeze: Injector = {
  async inject({ stack }) {
    const drivers = await liveDrivers();
    if (drivers.length === 0) return undefined;
    killService(stack, 'spark-worker', 'SIGSTOP');
    return async () => {
      try {
        await until('the master calls the worker dead', async () => (await liveWorkers()) === 0);
      } finally {
        killService(stack, 'spark-worker', 'SIGCONT');
      }
      await until('the worker is back', async () => (await liveWorkers()) === 1);
    };
  },
};
