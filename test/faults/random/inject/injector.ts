import type { FreshLake } from '../../../helpers/fresh-lake.js';
import type { RestProxy } from '../../../helpers/rest-proxy.js';
import type { TcpGate } from '../../../helpers/tcp-gate.js';
import type { Ends } from '../moments.js';
import type { Settings } from '../plan.js';
import type { ServiceManager } from '../service-manager.js';
import type { SmallDisk } from '../small-disk.js';
import type { SparkAnswers } from '../spark-answers.js';

/** What a fault may lay hands on. */
export interface Scene {
  readonly lake: FreshLake;
  readonly settings: Settings;
  /** The stack's folder. */
  readonly stack: string;
  readonly manager: ServiceManager;
  /** What the orchestrators' way to Spark's REST port does to requests and answers. */
  readonly spark: SparkAnswers;
  readonly proxy: RestProxy;
  /** The way to S3; only with lakes on S3. */
  readonly s3: TcpGate | undefined;
  /** Only where the plan asks for it. */
  readonly disk: SmallDisk | undefined;
  /** By so many milliseconds the orchestrators' clock is ahead, once they hear SIGUSR2 and from their start on. */
  readonly setClock: (shiftMs: number) => void;
  /** Where Kafka ended when the round's changes had been made. */
  ends: Ends;
  /** A line into the run's story. */
  readonly say: (line: string) => void;
}

/** Mends what was broken. */
export type Mend = () => Promise<void>;

export interface Injector {
  /** Before the round's changes are made in HQ. */
  prepare?(scene: Scene): Promise<void>;
  /**
   * At its moment.
   * @returns how it is mended; undefined when there was nothing to hit (all the work was done before)
   */
  inject(scene: Scene): Promise<Mend | undefined>;
}
