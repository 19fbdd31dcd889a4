import type { Command } from 'commander';
import type { Check, Finding } from '../../deploy/doctor/check.js';
import { CHECKS, examine } from '../../deploy/doctor/doctor.js';
import { readDoctorEnvironment } from '../config/doctor-environment.js';
import { readStackEnvironment } from '../config/stack-environment.js';
import { EXIT } from '../errors.js';
import { proveLogStore } from './prove-log-store.js';

/** `doctor`: what the environment names, looked at for real; one line each, exit code 4 when there is a fault. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Look at every service the environment names and say what is wrong')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(readDoctorEnvironment(), [...CHECKS, LOG_STORE]);
      const text = options.json === true ? JSON.stringify({ findings }) : findings.map(line).join('\n');
      process.stdout.write(`${text}\n`);
      if (findings.some(({ state }) => state === 'fault')) process.exitCode = EXIT.unreachable;
    });
}

/** A put takes longer there, and a store that breaks its promise does so at nearly every name. */
const NAMES_ON_S3 = 60;

/** Seconds of several JVMs: enough names that a storage which does not keep its promise is caught. */
const LOG_STORE: Check = {
  name: 'Two writers, one name',
  needs: ['HQ_DATA_PATH', 'SPARK_HOME', 'SPARK_DRIVER_CLASSPATH'],
  mend: 'Unless it was only slow, commits can be lost there. Use a local or NFS folder with hard links, or an S3 store that honours If-None-Match.',
  limitMs: 300_000,
  look: async (value, environment) => {
    const url = value('HQ_DATA_PATH');
    const proof = await proveLogStore({
      url,
      names: url.startsWith('file:') ? 200 : NAMES_ON_S3,
      sparkHome: value('SPARK_HOME'),
      classpath: value('SPARK_DRIVER_CLASSPATH'),
      env: environment,
      java: readStackEnvironment(environment).java,
    });
    if (!proof.proven) throw new Error(proof.faults.join('; '));
    return `${proof.names} names, won ${proof.wins.join(' + ')} by ${proof.wins.length} writers`;
  },
};

function line({ name, state, detail, mend }: Finding): string {
  const told = `${state.padEnd(5)}  ${name}: ${detail}`;
  return mend === undefined ? told : `${told}\n       ${mend}`;
}
