import { endDrivers } from '../../../helpers/spark-drivers.js';
import { unlessIdle, untilIdle } from '../moments.js';
import type { SparkAnswers } from '../spark-answers.js';
import type { Injector } from './injector.js';

/** The next request for a driver is taken by Spark and its answer is lost, or it is held up on the way. */
export function nextCreate(fate: 'cut' | 'hold'): Injector {
  return {
    async prepare({ spark }) {
      // With a warm one there is no request.
      await endDrivers();
      spark.nextCreate = fate;
    },
    async inject({ lake, ends, spark, proxy }) {
      const hit = await unlessIdle(lake, ends, 'a driver is asked for', () => spark.nextCreate === 'pass');
      spark.nextCreate = 'pass';
      if (!hit) return undefined;
      return async () => {
        if (fate === 'cut') return;
        await untilIdle(lake, ends);
        await proxy.deliverHeld();
      };
    },
  };
}

/** Spark's word on a driver is a hint: a wrong one may cost time and a driver, but no row. */
export function lie(what: Exclude<SparkAnswers['lie'], undefined>): Injector {
  return {
    async inject({ lake, ends, spark }) {
      const before = spark.told;
      spark.lie = what;
      const told = await unlessIdle(
        lake,
        ends,
        'somebody asks Spark for a driver',
        () => spark.told > before + 1,
      );
      if (!told) {
        spark.lie = undefined;
        return undefined;
      }
      return () => {
        spark.lie = undefined;
        return Promise.resolve();
      };
    },
  };
}
