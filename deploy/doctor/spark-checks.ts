import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { masterState, probeRest } from '../stack/spark-rest.js';
import type { Check } from './check.js';

/** Without these in SPARK_HOME/jars a submission ends at its first statement. */
const NEEDED_JARS = [
  'spark-core',
  'spark-hive-thriftserver',
  'delta-spark',
  'delta-storage',
  'hadoop-aws',
  'postgresql',
];

export const SPARK_CHECKS: readonly Check[] = [
  {
    name: 'Spark REST',
    needs: ['SPARK_REST_URLS'],
    mend: 'Start the Spark master; SPARK_REST_SECRET must be the secretKey of its JWSFilter (spark.master.rest.filters).',
    look: async (value, environment) => {
      const secret = environment['SPARK_REST_SECRET'];
      const urls = value('SPARK_REST_URLS')
        .split(',')
        .map((url) => url.trim().replace(/\/$/, ''));
      const answers = await Promise.all(urls.map((url) => restFacts(url, secret)));
      // A standby answers 503: one leader is enough.
      if (!answers.some((answer) => answer.ready))
        throw new Error(answers.map((answer) => answer.text).join('; '));
      return answers.map((answer) => answer.text).join('; ');
    },
  },
  {
    name: 'Spark workers',
    needs: ['SPARK_MASTER_UI_URL'],
    mend: 'Start a worker for this master, with more memory than SPARK_DRIVER_MEMORY; its page must carry the JWSFilter too (spark.ui.filters), else anyone can kill drivers.',
    look: async (value, environment) => {
      const masterUiUrl = value('SPARK_MASTER_UI_URL').replace(/\/$/, '');
      const secret = environment['SPARK_REST_SECRET'];
      const address = { restUrl: '', masterUiUrl };
      const view = await masterState({ ...address, secret });
      if (view === undefined) throw new Error(`${masterUiUrl} does not answer as a Spark master`);
      const alive = view.workers.filter((worker) => worker.state === 'ALIVE');
      if (alive.length === 0) throw new Error(`the master is ${view.status} and has no live worker`);
      if ((await masterState({ ...address, secret: undefined })) !== undefined) {
        throw new Error(`${masterUiUrl} answers without a token`);
      }
      const wanted = environment['SPARK_DRIVER_MEMORY'] ?? '1g';
      const most = Math.max(...alive.map((worker) => worker.memory));
      if (most < megabytes(wanted)) {
        throw new Error(`no worker has the ${wanted} of SPARK_DRIVER_MEMORY; the largest has ${most} MB`);
      }
      const cores = alive.reduce((sum, worker) => sum + worker.cores, 0);
      const memory = alive.reduce((sum, worker) => sum + worker.memory, 0);
      return `${view.status}, ${alive.length} worker(s) with ${cores} cores and ${memory} MB; unsigned requests are refused`;
    },
  },
  {
    name: "Spark's jars",
    needs: ['SPARK_HOME'],
    mend: 'Point SPARK_HOME at a Spark with the jars of deploy/pom.xml (profile spark) in its jars folder.',
    look: (value) => {
      const folder = join(value('SPARK_HOME'), 'jars');
      const names = readdirSync(folder);
      const missing = NEEDED_JARS.filter((needed) => !names.some((name) => name.startsWith(needed)));
      if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}`);
      return Promise.resolve(`${names.length} in ${folder}`);
    },
  },
  {
    name: "Drivers' class path",
    needs: ['SPARK_DRIVER_CLASSPATH'],
    mend: 'Run `dimagi-lake stack up` again, or put the conf jar and the runner jar where SPARK_DRIVER_CLASSPATH says.',
    look: (value, environment) => {
      const archive = environment['SPARK_CLASS_ARCHIVE'];
      const files = value('SPARK_DRIVER_CLASSPATH').split(delimiter);
      const missing = [...files, ...(archive === undefined ? [] : [archive])].filter(
        (file) => !existsSync(file),
      );
      if (missing.length > 0) throw new Error(`not there: ${missing.join(', ')}`);
      return Promise.resolve(
        `${files.length} file(s), ${archive === undefined ? 'no class archive' : 'class archive'}`,
      );
    },
  },
];

function megabytes(amount: string): number {
  return Number.parseInt(amount) * (/g$/i.test(amount) ? 1024 : 1);
}

async function restFacts(url: string, secret: string | undefined): Promise<{ ready: boolean; text: string }> {
  const status = await probeRest(url, secret);
  if (status === 0) return { ready: false, text: `${url} does not answer` };
  if (status === 403) return { ready: false, text: `${url} refuses our token` };
  if (status === 503) return { ready: false, text: `${url} is a standby` };
  if (status !== 200) return { ready: false, text: `${url} answers ${status}` };
  if (secret === undefined) throw new Error(`${url} takes submissions without a token`);
  if ((await probeRest(url, undefined)) === 200) throw new Error(`${url} takes submissions without a token`);
  return { ready: true, text: `${url} ready, unsigned requests are refused` };
}
