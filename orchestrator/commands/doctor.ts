import type { Command } from 'commander';
import type { Finding } from '../../deploy/doctor/check.js';
import { examine } from '../../deploy/doctor/doctor.js';
import { readDoctorEnvironment } from '../config/doctor-environment.js';
import { EXIT } from '../errors.js';

/** `doctor`: what the environment names, looked at for real; one line each, exit code 4 when there is a fault. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Look at every service the environment names and say what is wrong')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(readDoctorEnvironment());
      const text = options.json === true ? JSON.stringify({ findings }) : findings.map(line).join('\n');
      process.stdout.write(`${text}\n`);
      if (findings.some(({ state }) => state === 'fault')) process.exitCode = EXIT.unreachable;
    });
}

function line({ name, state, detail, mend }: Finding): string {
  const told = `${state.padEnd(5)}  ${name}: ${detail}`;
  return mend === undefined ? told : `${told}\n       ${mend}`;
}
