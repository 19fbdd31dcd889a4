import axios, { type AxiosInstance } from 'axios';
import { LakeError } from '../errors.js';
import { sparkToken } from './spark-token.js';

/**
 * Spark Standalone's REST submission API (port 6066), spoken to all masters in turn, with JWS. An answer is a hint
 * only: what a driver did is told by the ledger (its claim) and the Delta log. Facts: Spark 4.2 `deploy/rest`.
 */
export type DriverState =
  'SUBMITTED' | 'RUNNING' | 'FINISHED' | 'RELAUNCHING' | 'UNKNOWN' | 'KILLED' | 'FAILED' | 'ERROR';

export interface DriverRequest {
  readonly mainClass: string;
  readonly appArgs: readonly string[];
  readonly sparkProperties: Readonly<Record<string, string>>;
  readonly environmentVariables: Readonly<Record<string, string>>;
}

export interface Submission {
  readonly restUrl: string;
  readonly submissionId: string;
}

interface Answer {
  readonly success?: boolean;
  readonly submissionId?: string;
  readonly driverState?: DriverState;
  readonly message?: string;
}

/** A master that is standby or recovering says so in this form; then another one must be asked. */
const NOT_LEADING = 'Current state is not alive';

export class SparkRest {
  readonly #urls: readonly string[];
  readonly #secret: string | undefined;
  readonly #http: AxiosInstance;

  constructor(urls: readonly string[], secret: string | undefined, timeoutMs = 20_000) {
    this.#urls = urls;
    this.#secret = secret;
    this.#http = axios.create({ timeout: timeoutMs, validateStatus: () => true, proxy: false });
  }

  /**
   * Asks the leading master to start a driver.
   * @throws LakeError SPARK_ANSWER_LOST when the driver MAY have been created (its run's claim tells);
   *   SPARK_UNREACHABLE when it has not: no master took the request; SPARK_REFUSED when a master said no
   */
  async create(request: DriverRequest): Promise<Submission> {
    const body = { action: 'CreateSubmissionRequest', clientSparkVersion: '', appResource: '', ...request };
    return this.#askEach('create', async (url) => {
      const answer = await this.#send('POST', `${url}/v1/submissions/create`, body);
      if (answer.success === true && answer.submissionId !== undefined) {
        return { restUrl: url, submissionId: answer.submissionId };
      }
      if (answer.message?.includes(NOT_LEADING)) return undefined;
      throw new LakeError(
        'SPARK_REFUSED',
        `Spark refused the submission: ${answer.message ?? 'no reason given'}`,
      );
    });
  }

  /** @returns undefined when no master knows the id (it may have ended long ago) */
  async state(submissionId: string): Promise<DriverState | undefined> {
    let reached = false;
    for (const url of this.#urls) {
      const answer = await this.#send('GET', `${url}/v1/submissions/status/${submissionId}`).catch(
        () => undefined,
      );
      if (answer === undefined || answer.message?.includes(NOT_LEADING)) continue;
      reached = true;
      if (answer.success === true) return answer.driverState ?? 'UNKNOWN';
    }
    if (!reached) throw new LakeError('SPARK_UNREACHABLE', 'No Spark master answers status requests');
    return undefined;
  }

  /** Asks for the driver's end; it is a wish, not a proof. */
  async kill(submissionId: string): Promise<void> {
    await Promise.all(
      this.#urls.map((url) =>
        this.#send('POST', `${url}/v1/submissions/kill/${submissionId}`).catch(() => undefined),
      ),
    );
  }

  async #askEach<T>(act: string, ask: (url: string) => Promise<T | undefined>): Promise<T> {
    let last: unknown;
    for (const url of this.#urls) {
      try {
        const result = await ask(url);
        if (result !== undefined) return result;
      } catch (thrown) {
        if (thrown instanceof LakeError && thrown.code === 'SPARK_REFUSED') throw thrown;
        last = last instanceof LakeError ? last : thrown;
        if (isRefusedConnection(thrown)) continue;
        // Another master must not be asked: this one may have created the driver.
        throw new LakeError('SPARK_ANSWER_LOST', `The Spark master at ${url} gave no answer to ${act}`, {
          facts: { url },
          cause: thrown,
        });
      }
    }
    // A master that was reached and said why (a refused token) tells more than one that is down.
    if (last instanceof LakeError) throw last;
    throw new LakeError('SPARK_UNREACHABLE', `No Spark master answered ${act}`, {
      facts: { urls: this.#urls },
      cause: last,
    });
  }

  async #send(method: 'GET' | 'POST', url: string, body?: unknown): Promise<Answer> {
    const response = await this.#http.request<Answer | string>({
      method,
      url,
      data: body ?? '',
      headers: { 'Content-Type': 'application/json', ...this.#authorization() },
    });
    if (response.status === 403) {
      throw new LakeError('SPARK_UNREACHABLE', `The Spark master at ${url} refused our token`, {
        mend: 'SPARK_REST_SECRET must be the secretKey of the JWS filter on the master.',
      });
    }
    if (typeof response.data === 'string') {
      throw new LakeError(
        'SPARK_UNREACHABLE',
        `The Spark master at ${url} answered ${response.status} without JSON`,
      );
    }
    return response.data;
  }

  #authorization(): Record<string, string> {
    return this.#secret === undefined ? {} : { Authorization: `Bearer ${sparkToken(this.#secret)}` };
  }
}

function isRefusedConnection(thrown: unknown): boolean {
  if (thrown instanceof LakeError) return true;
  return axios.isAxiosError(thrown) && (thrown.code === 'ECONNREFUSED' || thrown.code === 'ENOTFOUND');
}
