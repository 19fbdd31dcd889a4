import axios, { type AxiosInstance } from 'axios';
import { z } from 'zod';
import { LakeError } from '../errors.js';
import { sparkToken } from './spark-token.js';

/**
 * What Spark's own pages tell: the cluster as each master sees it, and drivers' logs on their workers. A driver's log lies
 * with its worker, and only the master knows which that is (Spark 4.2: `/json/` and the workers' `/log/`).
 */
export interface MasterView {
  readonly url: string;
  readonly status: string;
  readonly workers: readonly WorkerView[];
  readonly drivers: readonly DriverView[];
}

export interface WorkerView {
  readonly id: string;
  readonly host: string;
  readonly state: string;
  readonly cores: number;
  readonly coresUsed: number;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
  /** Its page. */
  readonly page: string;
}

export interface DriverView {
  readonly id: string;
  readonly state: string;
  /** ISO 8601; null: not known. */
  readonly startedAt: string | null;
  readonly workerId: string;
  /** Whether the master still counts it as at work. */
  readonly isActive: boolean;
}

export type LogStream = 'stdout' | 'stderr';

export interface DriverLog {
  readonly text: string;
  readonly nextOffset: number;
  /** Whether its driver is at work, so that more may come. */
  readonly isLive: boolean;
}

const PART_BYTES = 64 * 1024;

const driver = z.object({ id: z.string(), state: z.string(), starttime: z.string(), worker: z.string() });
const masterJson = z.object({
  url: z.string(),
  status: z.string(),
  workers: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      state: z.string(),
      cores: z.number(),
      coresused: z.number(),
      memory: z.number(),
      memoryused: z.number(),
      webuiaddress: z.string(),
    }),
  ),
  activedrivers: z.array(driver),
  completeddrivers: z.array(driver),
});

export class WorkerLogs {
  readonly #masterUrls: readonly string[];
  readonly #secret: string | undefined;
  readonly #http: AxiosInstance;

  /** @param masterUrls web pages of all masters, e.g. `http://spark:8080` */
  constructor(masterUrls: readonly string[], secret: string | undefined, timeoutMs = 5_000) {
    this.#masterUrls = masterUrls.map((url) => url.replace(/\/$/, ''));
    this.#secret = secret;
    this.#http = axios.create({ timeout: timeoutMs, proxy: false });
  }

  /** Each master as it sees the cluster; one that does not answer is left out. */
  async masters(): Promise<readonly MasterView[]> {
    const asked = await Promise.allSettled(this.#masterUrls.map((url) => this.#ask(`${url}/json/`)));
    return asked.flatMap((each) => {
      const read = masterJson.safeParse(each.status === 'fulfilled' ? each.value : undefined).data;
      return read === undefined ? [] : [masterView(read)];
    });
  }

  /**
   * The page of the driver's log; null when no master knows the driver any more.
   * @throws LakeError SPARK_UNREACHABLE
   */
  async driverPage(driverId: string): Promise<string | null> {
    const place = await this.#placeOf(driverId);
    return place === undefined ? null : `${place.worker.page}/logPage/?driverId=${driverId}&logType=stderr`;
  }

  /**
   * A part of a driver's log, at most 64 KiB, of whole lines, so that no secret is cut in two where it can't be known.
   * @param offset bytes from the start, -1: the last ones
   * @returns undefined when there is no log of it (any more)
   * @throws LakeError SPARK_UNREACHABLE
   */
  async driverLog(driverId: string, stream: LogStream, offset: number): Promise<DriverLog | undefined> {
    const place = await this.#placeOf(driverId);
    if (place === undefined) return undefined;
    const from = offset > 0 ? `&offset=${offset}` : offset === 0 ? '&offset=0' : '';
    const query = `driverId=${encodeURIComponent(driverId)}&logType=${stream}${from}&byteLength=${PART_BYTES}`;
    const answer = await this.#ask(`${place.worker.page}/log/?${query}`, 'arraybuffer').catch(
      (cause: unknown) => {
        throw new LakeError('SPARK_UNREACHABLE', `The worker of ${driverId} does not show its log`, {
          cause,
          facts: { worker: place.worker.id },
        });
      },
    );
    const read = readPart(Buffer.from(answer as ArrayBuffer), offset === -1);
    return read === undefined ? undefined : { ...read, isLive: place.driver.isActive };
  }

  async #placeOf(driverId: string): Promise<{ worker: WorkerView; driver: DriverView } | undefined> {
    const masters = await this.masters();
    if (masters.length === 0)
      throw new LakeError('SPARK_UNREACHABLE', 'No Spark master shows its page', {
        mend: 'SPARK_MASTER_UI_URL must name the pages of the masters, and SPARK_REST_SECRET their JWSFilter’s key.',
      });
    for (const { workers, drivers } of masters) {
      const found = drivers.find((each) => each.id === driverId);
      const worker = workers.find((each) => each.id === found?.workerId);
      if (found !== undefined && worker !== undefined) return { worker, driver: found };
    }
    return undefined;
  }

  async #ask(url: string, responseType: 'json' | 'arraybuffer' = 'json'): Promise<unknown> {
    const headers = this.#secret === undefined ? {} : { Authorization: `Bearer ${sparkToken(this.#secret)}` };
    return (await this.#http.get<unknown>(url, { headers, responseType })).data;
  }
}

function masterView(read: z.infer<typeof masterJson>): MasterView {
  const drivers = (list: z.infer<typeof driver>[], isActive: boolean): DriverView[] =>
    list.map(({ id, state, starttime, worker }) => {
      const ms = Number(starttime);
      const startedAt = Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : null;
      return { id, state, startedAt, workerId: worker, isActive };
    });
  return {
    url: read.url,
    status: read.status,
    workers: read.workers.map((worker) => ({
      ...{ id: worker.id, host: worker.host, state: worker.state, cores: worker.cores },
      ...{ coresUsed: worker.coresused, memoryMb: worker.memory, memoryUsedMb: worker.memoryused },
      page: worker.webuiaddress.replace(/\/$/, ''),
    })),
    drivers: [...drivers(read.activedrivers, true), ...drivers(read.completeddrivers, false)],
  };
}

const HEAD = /^==== Bytes (\d+)-(\d+) of (\d+) of .*? ====\n/;
const NEWLINE = 0x0a;

/**
 * A worker's answer: a head line, then exactly the bytes it names.
 * @returns whole lines only, unless one line fills the part; undefined for a log that is not there
 */
export function readPart(
  answer: Buffer,
  isTail: boolean,
): { readonly text: string; readonly nextOffset: number } | undefined {
  const head = HEAD.exec(answer.subarray(0, 4_096).toString('latin1'));
  if (head === null) return undefined;
  let from = Number(head[1]);
  let bytes = answer.subarray(head[0].length);
  if (isTail && from > 0) {
    const first = bytes.indexOf(NEWLINE) + 1;
    from += first;
    bytes = bytes.subarray(first);
  }
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  if (end > 0 || bytes.length < PART_BYTES) bytes = bytes.subarray(0, end);
  return { text: bytes.toString('utf8'), nextOffset: from + bytes.length };
}
