import axios from 'axios';
import { z } from 'zod';
import { LakeError } from '../../orchestrator/errors.js';
import { sparkToken } from '../../orchestrator/submit/spark-token.js';

/**
 * The few calls that the stack itself makes to a Spark master: submit, look, kill, see the workers. The pipeline's
 * own client (several masters, lost answers) is orchestrator/submit.
 */
const TIMEOUT_MS = 10_000;

export interface SparkAddress {
  readonly restUrl: string;
  readonly masterUiUrl: string;
  readonly secret: string | undefined;
}

export interface DriverRequest {
  readonly mainClass: string;
  readonly args: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

const createAnswer = z.object({
  success: z.boolean(),
  submissionId: z.string().optional(),
  message: z.string().optional(),
});
const statusAnswer = z.object({
  success: z.boolean(),
  driverState: z.string().optional(),
  workerId: z.string().optional(),
});
const masterView = z.object({
  status: z.string(),
  workers: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      cores: z.number(),
      memory: z.number(),
      webuiaddress: z.string(),
    }),
  ),
});
export type MasterView = z.infer<typeof masterView>;

/** @returns the HTTP status of the health probe; 0 when nothing answers */
export async function probeRest(restUrl: string, secret: string | undefined): Promise<number> {
  try {
    const answer = await axios.get(`${restUrl}/v1/submissions/readyz`, {
      ...options(secret),
      validateStatus: () => true,
    });
    return answer.status;
  } catch {
    return 0;
  }
}

/** @returns undefined when the master does not answer as one */
export async function masterState(address: SparkAddress): Promise<MasterView | undefined> {
  try {
    const answer = await axios.get<unknown>(`${address.masterUiUrl}/json/`, options(address.secret));
    return masterView.safeParse(answer.data).data;
  } catch {
    return undefined;
  }
}

/** @returns the id a worker gives itself on its page; undefined when it does not answer */
export async function workerId(workerUiUrl: string, secret: string | undefined): Promise<string | undefined> {
  try {
    const answer = await axios.get<unknown>(`${workerUiUrl}/json/`, options(secret));
    return z.object({ id: z.string() }).safeParse(answer.data).data?.id;
  } catch {
    return undefined;
  }
}

/** @returns the submission id. @throws LakeError SPARK_UNREACHABLE, SPARK_REFUSED */
export async function createDriver(address: SparkAddress, request: DriverRequest): Promise<string> {
  const body = {
    action: 'CreateSubmissionRequest',
    clientSparkVersion: '',
    appResource: '', // Nothing is downloaded: all classes are on the class path.
    mainClass: request.mainClass,
    appArgs: request.args,
    sparkProperties: request.properties,
    environmentVariables: request.environment ?? {},
  };
  let data: unknown;
  try {
    const url = `${address.restUrl}/v1/submissions/create`;
    data = (await axios.post<unknown>(url, body, options(address.secret))).data;
  } catch (cause) {
    throw new LakeError('SPARK_UNREACHABLE', `Spark's REST port did not take a ${request.mainClass}`, {
      cause,
    });
  }
  const answer = createAnswer.parse(data);
  if (answer.success && answer.submissionId !== undefined) return answer.submissionId;
  throw new LakeError(
    'SPARK_REFUSED',
    `The Spark master refused a ${request.mainClass}: ${answer.message ?? ''}`,
  );
}

/** @returns e.g. RUNNING or FINISHED; undefined when the master does not know the id or does not answer */
export async function driverState(address: SparkAddress, submissionId: string): Promise<string | undefined> {
  try {
    const url = `${address.restUrl}/v1/submissions/status/${encodeURIComponent(submissionId)}`;
    return statusAnswer.parse((await axios.get<unknown>(url, options(address.secret))).data).driverState;
  } catch {
    return undefined;
  }
}

/** Asks for the driver's end; it takes up to ten seconds. An unknown or ended driver is no error. */
export async function killDriver(address: SparkAddress, submissionId: string): Promise<void> {
  const url = `${address.restUrl}/v1/submissions/kill/${encodeURIComponent(submissionId)}`;
  await axios.post(url, undefined, { ...options(address.secret), validateStatus: () => true });
}

function options(secret: string | undefined): {
  timeout: number;
  headers: Record<string, string>;
  proxy: false;
} {
  return {
    timeout: TIMEOUT_MS,
    proxy: false,
    headers: secret === undefined ? {} : { Authorization: `Bearer ${sparkToken(secret)}` },
  };
}
