import { setTimeout as sleep } from 'node:timers/promises';
import { LakeError } from '../../orchestrator/errors.js';
import { deltaSessionProperties } from '../../orchestrator/submit/session-properties.js';
import { HOST, type StackContext } from './context.js';
import type { SparkFacts } from './environment-file.js';
import { accepts } from './ports.js';
import { sparkAddress } from './spark-daemons.js';
import { createDriver, driverState, killDriver } from './spark-rest.js';

const LONGEST_MS = 120_000;
const LOOK_AGAIN_MS = 200;

/**
 * The Spark Thrift Server (JDBC for BI tools) as a long-lived driver of the worker: any user name and password, as
 * it listens on loopback only. It has the drivers' own session properties, so it writes safely beside them.
 */
export async function startThriftServer(context: StackContext, spark: SparkFacts): Promise<void> {
  const address = sparkAddress(context);
  const { thrift: port } = context.ports;
  const before = context.state.thriftSubmission;
  const wanted = context.state.thriftPort === port && context.state.thriftClasspath === spark.driverClasspath;
  if (before !== undefined && (await driverState(address, before)) === 'RUNNING') {
    if (wanted && (await accepts(HOST, port))) return;
    await killDriver(address, before);
    await until(async () => (await driverState(address, before)) !== 'RUNNING');
  }
  context.report('Starting the Thrift Server');
  const id = await createDriver(address, {
    mainClass: 'org.apache.spark.sql.hive.thriftserver.HiveThriftServer2',
    args: [],
    properties: thriftProperties(port, spark),
  });
  context.remember({ thriftSubmission: id, thriftPort: port, thriftClasspath: spark.driverClasspath });
  await until(async () => {
    if (await accepts(HOST, port)) return true;
    const state = await driverState(address, id);
    if (state === undefined || ['SUBMITTED', 'RUNNING'].includes(state)) return false;
    throw new LakeError('STACK_FAILED', `The Thrift Server (driver ${id}) ended as ${state}`, {
      mend: `Read its log under ${context.layout.spark}/work/${id}.`,
    });
  });
}

function thriftProperties(port: number, spark: SparkFacts): Record<string, string> {
  return {
    ...deltaSessionProperties({
      driverClasspath: spark.driverClasspath,
      classArchive: spark.classArchive,
      shortLived: false,
      s3Endpoint: spark.s3Endpoint,
      s3Region: spark.s3Region,
    }),
    'spark.app.name': 'dimagi-lake-thrift',
    'spark.master': 'local[2]',
    'spark.driver.cores': '1',
    'spark.driver.memory': '1g',
    // One analyst's short query overtakes another's long one.
    'spark.scheduler.mode': 'FAIR',
    'spark.hadoop.hive.server2.thrift.port': String(port),
    'spark.hadoop.hive.server2.thrift.bind.host': HOST,
    'spark.hadoop.hive.server2.authentication': 'NONE',
    'spark.hadoop.hive.server2.enable.doAs': 'false',
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + LONGEST_MS;
  while (!(await isSo())) {
    if (Date.now() > giveUp) {
      throw new LakeError('STACK_FAILED', `The Thrift Server is not ready after ${LONGEST_MS / 1000} s`);
    }
    await sleep(LOOK_AGAIN_MS);
  }
}
