import type { Command } from 'commander';

/** `hq-sim …`: hands over to the simulator, which the product's code does not otherwise know. */
export function registerHqSim(program: Command): void {
  program
    .command('hq-sim')
    .description('A CommCare HQ to read from, for tests and the demo')
    .argument('[verb...]', 'init, load, submit, change, break or status; each with --help')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (verb: string[]) => {
      const { hqSimCommand } = await import('../../test/hq-sim/command.js');
      await hqSimCommand().exitOverride().parseAsync(verb, { from: 'user' });
    });
}
