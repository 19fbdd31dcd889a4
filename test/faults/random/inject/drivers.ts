import { processEntry } from '../../../../deploy/stack/process-table.js';
import type { FreshLake } from '../../../helpers/fresh-lake.js';
import { endDrivers } from '../../../helpers/spark-drivers.js';
import { isStopped } from '../../../helpers/driver-process.js';
import { executorPids } from '../../../helpers/spark-executors.js';
import { unlessIdle } from '../moments.js';
import type { Injector, Mend, Scene } from './injector.js';

interface Working {
  readonly run: string;
  readonly pid: number;
}

const NOTHING: Mend = () => Promise.resolve();

export const driverKill: Injector = {
  async inject(scene) {
    const working = await workingDriver(scene);
    if (working === undefined) return undefined;
    signal(working.pid, 'SIGKILL');
    return NOTHING;
  },
};

/** Spark's wish to kill it does not arrive, as on a host that is cut off: it thaws when another has done its run. */
export const driverFreeze: Injector = {
  async inject(scene) {
    const working = await workingDriver(scene);
    if (working === undefined) return undefined;
    scene.spark.swallowKills = true;
    signal(working.pid, 'SIGSTOP');
    return thaw(scene, working.pid);
  },
};

function thaw({ lake, ends, spark }: Scene, pid: number): Mend {
  const claims = async (): Promise<boolean> => (await claimedBy(lake)).some((each) => each.pid === pid);
  return async () => {
    try {
      // Others go on claiming runs, so all is done without it in the end.
      await unlessIdle(lake, ends, 'the frozen driver has lost its run', async () => !(await claims()));
      await unlessIdle(lake, ends, 'all is done without it', () => false);
    } finally {
      signal(pid, 'SIGCONT');
      spark.swallowKills = false;
    }
  };
}

export const executorKill: Injector = {
  async inject(scene) {
    let pids: readonly number[] = [];
    const found = await unlessIdle(scene.lake, scene.ends, 'an executor runs', () => {
      pids = executorPids(scene.stack);
      return pids.length > 0;
    });
    if (!found) return undefined;
    for (const pid of pids) signal(pid, 'SIGKILL');
    return NOTHING;
  },
};

/** The next driver has a fault of its own (Faults.java); drivers that are there end first, so that one is started. */
export function driverFault(fault: string): Injector {
  let lostBefore = 0;
  return {
    async prepare({ lake, manager }) {
      lostBefore = await driversLost(lake);
      for (const member of manager.members) await manager.kill(member);
      await endDrivers();
      manager.start({ SPARK_DRIVER_FAULT: fault });
    },
    async inject(scene) {
      const { lake, ends, manager, spark } = scene;
      const freezes = fault.startsWith('freeze');
      const pids = new Set<number>();
      // While the faulty orchestrator is there every driver that it starts has the fault: only the first may.
      const seen = await unlessIdle(lake, ends, `a driver meets ${fault}`, async () => {
        for (const { pid } of await claimedBy(lake)) pids.add(pid);
        if (freezes) return [...pids].some((pid) => isStopped(pid));
        return (
          (await driversLost(lake)) > lostBefore || [...pids].some((pid) => processEntry(pid) === undefined)
        );
      });
      spark.swallowKills = freezes && seen;
      for (const member of manager.members) await manager.kill(member);
      manager.start();
      if (!seen) return undefined;
      const frozen = [...pids].find((pid) => isStopped(pid));
      return frozen === undefined ? NOTHING : thaw(scene, frozen);
    },
  };
}

/** Waits until a driver works on a run. */
async function workingDriver({ lake, ends }: Scene): Promise<Working | undefined> {
  let found: Working | undefined;
  await unlessIdle(lake, ends, 'a driver works on a run', async () => {
    [found] = await claimedBy(lake);
    return found !== undefined;
  });
  return found;
}

async function claimedBy(lake: FreshLake): Promise<Working[]> {
  const answer = await lake.ledger
    .query<{ id: string; driver: string }>("SELECT id, driver FROM run WHERE state = 'claimed'")
    .catch(() => undefined);
  return (answer?.rows ?? []).flatMap(({ id, driver }) => {
    // `pid@host driver-id`, as the runner names itself.
    const pid = /^(\d+)@/.exec(driver)?.[1];
    return pid === undefined ? [] : [{ run: id, pid: Number(pid) }];
  });
}

async function driversLost(lake: FreshLake): Promise<number> {
  const answer = await lake.ledger
    .query("SELECT 1 FROM run WHERE state = 'voided' AND reason LIKE 'its driver ended as%'")
    .catch(() => undefined);
  return answer?.rowCount ?? 0;
}

function signal(pid: number, how: NodeJS.Signals): void {
  try {
    process.kill(pid, how);
  } catch {
    // It has ended: nothing is left to be hit, or to be thawed.
  }
}
