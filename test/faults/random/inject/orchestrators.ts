import type { FreshLake } from '../../../helpers/fresh-lake.js';
import { unlessIdle, untilIdle } from '../moments.js';
import type { Member, ServiceManager } from '../service-manager.js';
import type { Injector } from './injector.js';

export const orchestratorKill: Injector = {
  async inject({ manager }) {
    await manager.kill(oneOf(manager));
    return () => {
      manager.start();
      return Promise.resolve();
    };
  },
};

/** Stopped as a stalled machine stops it; what it had in hand must be done by another, and not by it once it wakes. */
export const orchestratorFreeze: Injector = {
  async inject({ lake, manager, ends }) {
    const frozen = oneOf(manager);
    frozen.process.kill('SIGSTOP');
    const open = await openBatches(lake);
    const other = manager.start();
    return async () => {
      await unlessIdle(lake, ends, 'another has done the work of the frozen one', async () => {
        const left = await openBatches(lake);
        return open.length > 0 && open.every((id) => !left.includes(id));
      });
      frozen.process.kill('SIGCONT');
      await manager.stop(other);
    };
  },
};

export const secondOrchestrator: Injector = {
  inject({ lake, manager, ends }) {
    const second = manager.start();
    return Promise.resolve(async () => {
      await unlessIdle(lake, ends, 'the second one works', () =>
        /batch staged|lane merged/.test(second.process.stderr()),
      );
      await manager.stop(second);
    });
  },
};

/** Every orchestrator is started anew with the crash point; the first to come there dies. */
export function crashAt(point: string): Injector {
  const doomed = new Map<ServiceManager, Member>();
  return {
    async prepare({ manager }) {
      for (const member of manager.members) await manager.kill(member);
      doomed.set(manager, manager.start({ DIMAGI_LAKE_CRASH_AT: point }));
    },
    async inject({ lake, manager, ends }) {
      const member = doomed.get(manager);
      doomed.delete(manager);
      if (member === undefined) return undefined;
      const state = { dead: false };
      void member.process.ended.then(({ signal }) => (state.dead = signal === 'SIGKILL'));
      const died = await unlessIdle(lake, ends, `an orchestrator dies ${point}`, () => state.dead);
      if (!died) await manager.kill(member);
      const mend = (): Promise<void> => {
        manager.start();
        return Promise.resolve();
      };
      if (died) return mend;
      await mend();
      return undefined;
    },
  };
}

/** A clock that jumps while the process runs; Postgres, by whose clock leases run, keeps its own. */
export function clockJump(hours: number): Injector {
  return {
    inject({ lake, manager, ends, setClock }) {
      const jump = (shiftMs: number): void => {
        setClock(shiftMs);
        // One that has said nothing yet reads its clock at its start, and would be killed by a signal that it does not await.
        for (const { process } of manager.members) if (process.stderr() !== '') process.kill('SIGUSR2');
      };
      jump(hours * 3_600_000);
      return Promise.resolve(async () => {
        await untilIdle(lake, ends);
        jump(0);
      });
    },
  };
}

function oneOf(manager: ServiceManager): Member {
  const [first] = manager.members;
  if (first === undefined) throw new Error(`no orchestrator runs: ${manager.faults.join('; ')}`);
  return first;
}

async function openBatches(lake: FreshLake): Promise<string[]> {
  const { rows } = await lake.ledger.query<{ id: string }>("SELECT id FROM batch WHERE state <> 'committed'");
  return rows.map(({ id }) => id);
}
