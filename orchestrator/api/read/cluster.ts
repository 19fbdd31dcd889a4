import { listPauses } from '../../ledger/pauses.js';
import { jobsOfDrivers } from '../../ledger/runs.js';
import type { MasterView } from '../../submit/worker-logs.js';
import type { ApiParts } from '../parts.js';
import type { Cluster } from '../schemas/operate.js';

/** Ended drivers that masters still remember can be hundreds; the newest are of interest. */
const MOST_DRIVERS = 100;

/** The Spark cluster as its leading master sees it, and the queues. */
export async function clusterNow({
  jobs,
  queues,
  database,
}: Pick<ApiParts, 'jobs' | 'queues' | 'database'>): Promise<Omit<Cluster, 'processes'>> {
  const masters = await (jobs.workerLogs?.masters() ?? []);
  const leading = masters.find(({ status }) => status === 'ALIVE');
  const pauses = await listPauses(database);
  const drivers = newest(leading);
  const jobOf = await jobsOfDrivers(
    database,
    drivers.map(({ id }) => id),
  );
  return {
    reachable: leading !== undefined,
    reason: leading === undefined ? reasonOf(masters, jobs.workerLogs === null) : null,
    masters: masters.map(({ url, status }) => ({ url, status })),
    workers: (leading?.workers ?? []).map(
      ({ id, host, state, cores, coresUsed, memoryMb, memoryUsedMb }) => ({
        ...{ id, host, state, cores, coresUsed, memoryMb, memoryUsedMb },
      }),
    ),
    drivers: drivers.map(({ id, state, startedAt }) => ({
      id,
      state,
      startedAt,
      job: jobOf.get(id) ?? null,
    })),
    queues: ((await queues.depths()) ?? []).map((depth) => ({
      ...depth,
      paused: pauses.some(({ scope, name }) => scope === 'all' || (scope === 'queue' && name === depth.name)),
    })),
  };
}

function newest(leading: MasterView | undefined): MasterView['drivers'] {
  const drivers = leading?.drivers ?? [];
  const ended = drivers.filter(({ isActive }) => !isActive).sort((a, b) => (a.id < b.id ? 1 : -1));
  return [...drivers.filter(({ isActive }) => isActive), ...ended].slice(0, MOST_DRIVERS);
}

function reasonOf(masters: readonly MasterView[], isUnknown: boolean): string {
  if (isUnknown) return 'SPARK_MASTER_UI_URL is not set: the pages of the masters are not known';
  if (masters.length === 0) return 'No Spark master shows its page';
  return 'No Spark master leads; they are standing by or recovering';
}
