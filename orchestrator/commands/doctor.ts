import type { Command } from 'commander';
import type { Check, Finding } from '../../deploy/doctor/check.js';
import { CHECKS, examine } from '../../deploy/doctor/doctor.js';
import { loadLakeConfig } from '../config/lake.js';
import { readDoctorEnvironment } from '../config/doctor-environment.js';
import { readStackEnvironment } from '../config/stack-environment.js';
import { EXIT } from '../errors.js';
import { withExamples } from './help.js';
import { proveLogStore } from './prove-log-store.js';
import { paint } from './terminal/paint.js';
import { printJson, printLine } from './terminal/print.js';

/** `doctor`: what the environment names, looked at for real; one line each, exit code 4 when there is a fault. */
export function registerDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('look at every service the environment names, and say what is wrong and how to mend it')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(readDoctorEnvironment(), [LAKE_CONFIG, ...CHECKS, LOG_STORE]);
      if (options.json === true) printJson({ findings });
      else for (const finding of findings) printLine(line(finding));
      if (findings.some(({ state }) => state === 'fault')) process.exitCode = EXIT.unreachable;
    });
  withExamples(doctor, { 'dimagi-lake doctor': 'before the first start, and whenever something is wrong' }, [
    'Ends with 0 when there is no fault, else with 4. It writes nothing but probes that it deletes again.',
  ]);
}

const LAKE_CONFIG: Check = {
  name: 'lake.yaml',
  needs: ['LAKE_CONFIG'],
  mend: '`dimagi-lake config check` lists every fault.',
  look: (value) => {
    const { domains } = loadLakeConfig(value('LAKE_CONFIG'));
    return Promise.resolve(`${value('LAKE_CONFIG')} keeps ${Object.keys(domains).join(', ')}`);
  },
};

/** Seconds of several JVMs: enough names that a storage which does not keep its promise is caught. */
const LOG_STORE: Check = {
  name: 'Two writers, one name',
  needs: ['HQ_DATA_PATH', 'SPARK_HOME', 'SPARK_DRIVER_CLASSPATH'],
  mend: 'Commits can be lost there. Use a local or NFS folder with hard links, or an S3 store that honours If-None-Match.',
  limitMs: 120_000,
  look: async (value, environment) => {
    const proof = await proveLogStore({
      url: value('HQ_DATA_PATH'),
      sparkHome: value('SPARK_HOME'),
      classpath: value('SPARK_DRIVER_CLASSPATH'),
      env: environment,
      java: readStackEnvironment(environment).java,
    });
    if (!proof.proven) throw new Error(proof.faults.join('; '));
    return `${proof.names} names, won ${proof.wins.join(' + ')} by ${proof.wins.length} writers`;
  },
};

const STYLE = { ok: 'green', fault: 'red', unset: 'dim' } as const;

function line({ name, state, detail, mend }: Finding): string {
  const told = `${paint(STYLE[state], state.padEnd(5))}  ${name}: ${detail}`;
  return mend === undefined ? told : `${told}\n       ${mend}`;
}
