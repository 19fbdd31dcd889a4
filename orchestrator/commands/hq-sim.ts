import type { Command } from 'commander';

/** `hq-sim …`: hands over to the simulator, which the product's code does not otherwise know. */
export function registerHqSim(program: Command): void {
  program
    .command('hq-sim')
    .description('a CommCare HQ to read from, for tests and the demo')
    .argument('[verb...]', 'init, load, submit, change, break or status; each with --help')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (verb: string[]) => {
      const { hqSimCommand } = await import('../../test/hq-sim/command.js');
      await endsAsOurs(hqSimCommand()).parseAsync(verb, { from: 'user' });
    });
}

/** So that a wrong command line of the simulator too ends with our exit code and a hint. */
function endsAsOurs(command: Command): Command {
  for (const each of command.commands) endsAsOurs(each);
  return command.exitOverride().showHelpAfterError('(--help tells more)');
}
