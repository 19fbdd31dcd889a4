import type { Fate } from '../../helpers/rest-proxy.js';

/** What the way to Spark's REST port does; faults set it, the proxy asks it. */
export class SparkAnswers {
  /** Of the next `create` alone. */
  nextCreate: 'pass' | 'cut' | 'hold' = 'pass';
  swallowKills = false;
  /** What every question after a driver's state is answered with; undefined: the truth. */
  lie: 'FAILED' | 'FINISHED' | 'forgotten' | undefined;
  /** How many lies were told. */
  told = 0;

  fateOf(act: string): Fate {
    if (act === 'create') {
      const fate = this.nextCreate;
      this.nextCreate = 'pass';
      return fate;
    }
    if (act === 'kill') return this.swallowKills ? 'swallow' : 'pass';
    if (act !== 'status' || this.lie === undefined) return 'pass';
    this.told++;
    const action = { action: 'SubmissionStatusResponse', serverSparkVersion: '4.2.0' };
    if (this.lie === 'forgotten') return { answer: { ...action, success: false } };
    return { answer: { ...action, success: true, driverState: this.lie } };
  }
}
