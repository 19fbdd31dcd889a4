import { join } from 'node:path';

/** Where things stand in a stack's directory D. */
export interface StackLayout {
  readonly dir: string;
  readonly logs: string;
  readonly stateFile: string;
  readonly servicesFile: string;
  readonly environmentFile: string;
  readonly lockFile: string;
  readonly conf: string;
  readonly confJar: string;
  /** SPARK_CONF_DIR of drivers: a class-data-sharing archive can't be made with a conf folder that holds files. */
  readonly emptyConf: string;
  readonly spark: string;
  readonly kafka: string;
  readonly redis: string;
  readonly postgres: string;
}

export function stackLayout(dir: string): StackLayout {
  return {
    dir,
    logs: join(dir, 'logs'),
    stateFile: join(dir, 'stack.json'),
    servicesFile: join(dir, 'services.json'),
    environmentFile: join(dir, 'env.sh'),
    lockFile: join(dir, 'stack.lock'),
    conf: join(dir, 'conf'),
    confJar: join(dir, 'conf', 'conf.jar'),
    emptyConf: join(dir, 'conf', 'empty'),
    spark: join(dir, 'spark'),
    kafka: join(dir, 'kafka'),
    redis: join(dir, 'redis'),
    postgres: join(dir, 'postgres'),
  };
}
