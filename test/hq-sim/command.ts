import { Command, InvalidArgumentError } from 'commander';
import { LakeError } from '../../orchestrator/errors.js';
import { CHANGES } from './changes.js';
import { systemClock } from './clock.js';
import type { Hq } from './hq.js';
import { install, openInstallation, readInstallation, type Installation } from './installation.js';
import { loadInstallation } from './load-installation.js';
import { latestMoment, statusOf } from './status.js';

/** The simulator's own verbs. Results go to stdout as JSON, progress to stderr. */
export function hqSimCommand(): Command {
  const command = new Command('hq-sim').description(
    'A CommCare HQ to read from, with a nutrition programme in it',
  );
  const verb = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option('--dir <folder>', "the stack's folder", '.dimagi-lake');
  verb('init', "create HQ's databases, topics and blob folder; add HQ's variables to env.sh").action(
    async ({ dir }: { dir: string }) => {
      // The simulator's one look at the environment: a stack of one's own may not have an env.sh.
      const { domain, blobStore, brokers } = await install(dir, process.env);
      print({ domain, blobStore, brokers });
    },
  );
  verb('load', 'tell a programme to HQ: locations, workers, families, visits, mishaps')
    .option('--forms <n>', 'about how many forms', wholeNumber, 300)
    .option('--months <n>', 'how many months', wholeNumber, 3)
    .option('--first-month <YYYY-MM>', 'the month it begins', '2026-01')
    .option(
      '--centres <n>',
      'locations of the lowest level (default: as many as the families need)',
      wholeNumber,
    )
    .option('--seed <n>', 'another seed, another programme', wholeNumber, 1)
    .action(load);
  verb('change', 'let something happen to documents that are there')
    .requiredOption('--kind <kind>', Object.keys(CHANGES).join(', '))
    .option('--count <n>', 'how many documents', wholeNumber, 1)
    .option('--seed <text>', 'pick the same documents each time')
    .action(change);
  verb('status', 'count what the stores hold').action(async ({ dir }: { dir: string }) => {
    await withHq(dir, async (hq, { domain }) => {
      print(await statusOf(hq, domain));
    });
  });
  return command;
}

interface LoadFlags {
  readonly dir: string;
  readonly forms: number;
  readonly months: number;
  readonly firstMonth: string;
  readonly centres?: number;
  readonly seed: number;
}

async function load({ dir, ...options }: LoadFlags): Promise<void> {
  print(
    await loadInstallation(dir, options, (forms) => {
      process.stderr.write(`${forms} forms\n`);
    }),
  );
}

async function change(flags: { dir: string; kind: string; count: number; seed?: string }): Promise<void> {
  const act = Object.hasOwn(CHANGES, flags.kind) ? CHANGES[flags.kind] : undefined;
  if (act === undefined) {
    throw new LakeError('USAGE', `Unknown kind ${flags.kind}; there are ${Object.keys(CHANGES).join(', ')}`);
  }
  await withHq(flags.dir, async (hq, { domain }) => {
    const salt = flags.seed ?? hq.context.clock.next();
    const ids = await act(hq, { domain, count: flags.count, salt });
    print({ kind: flags.kind, changed: ids.length, ids });
  });
}

/** Opens the installation with a clock that goes on where the stores end. */
async function withHq(dir: string, act: (hq: Hq, made: Installation) => Promise<void>): Promise<void> {
  const made = await readInstallation(dir);
  const clock = systemClock();
  const hq = await openInstallation(made, clock);
  try {
    const latest = await latestMoment(hq);
    if (latest !== null) clock.advanceTo(latest);
    await act(hq, made);
  } finally {
    await hq.close();
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('must be a whole number');
  return number;
}

function print(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}
