import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { asLakeError, LakeError } from '../../orchestrator/errors.js';
import { TOPICS, type Topic } from '../../orchestrator/types.js';
import { BREAKS, findBreak } from './breaks.js';
import type { KafkaOptions } from './change-feed.js';
import { CHANGES, findChange } from './changes.js';
import { describeForm } from './describe-form.js';
import type { Hq } from './hq.js';
import { install } from './installation.js';
import { loadInstallation } from './load-installation.js';
import { withHq } from './session.js';
import { statusOf } from './status.js';

interface CommonFlags {
  readonly dir: string;
  readonly domain?: string;
  readonly partitioner?: KafkaOptions['partitioner'];
  readonly release?: KafkaOptions['release'];
}

/** The simulator's own verbs. Results go to stdout as JSON, progress to stderr. */
export function hqSimCommand(): Command {
  const command = new Command('hq-sim').description(
    'A CommCare HQ to read from, with a nutrition programme in it',
  );
  addInit(command);
  addLoad(command);
  addSubmit(command);
  addChange(command);
  addBreak(command);
  verb(command, 'status', 'count what the stores hold').action(async (flags: CommonFlags) => {
    await onHq(flags, async (hq, domain) => {
      print(await statusOf(hq, domain));
    });
  });
  return command;
}

function verb(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .option('--dir <folder>', "the stack's folder", '.dimagi-lake')
    .option('--domain <name>', "default: the installation's first");
}

/** How HQ announces what happens. */
function announcing(command: Command): Command {
  return command
    .addOption(
      new Option('--partitioner <how>', 'least-backlogged partition, or by the hash of the id').choices([
        'backlog',
        'key',
      ]),
    )
    .addOption(
      new Option(
        '--release <which>',
        'messages as an older HQ (keys missing) or a newer one (keys unknown) sends',
      ).choices(['older', 'current', 'newer']),
    );
}

function addInit(command: Command): void {
  command
    .command('init')
    .description("create HQ's databases, topics and blob store; add HQ's variables to env.sh")
    .option('--dir <folder>', "the stack's folder", '.dimagi-lake')
    .option('--domain <name...>', 'domains that lake.yaml lists, when there is none yet')
    .option('--blob-store <url>', 'file:///dir or s3://bucket (default: a folder beside the stack)')
    .action(async (flags: { dir: string; domain?: string[]; blobStore?: string }) => {
      // The simulator's one look at the environment: a stack of one's own may not have an env.sh.
      const { domain, blobStore, brokers } = await install(flags.dir, process.env, {
        ...(flags.domain === undefined ? {} : { domains: flags.domain }),
        ...(flags.blobStore === undefined ? {} : { blobStore: flags.blobStore }),
      });
      print({ domain, blobStore, brokers });
    });
}

interface LoadFlags extends CommonFlags {
  readonly forms: number;
  readonly months: number;
  readonly firstMonth: string;
  readonly families?: number;
  readonly centres?: number;
  readonly formBytes?: number;
  readonly seed: number;
}

function addLoad(command: Command): void {
  announcing(verb(command, 'load', 'tell a programme to HQ: locations, workers, families, visits, mishaps'))
    .option('--forms <n>', 'about how many forms', wholeNumber, 300)
    .option('--months <n>', 'how many months', wholeNumber, 3)
    .option('--first-month <YYYY-MM>', 'the month it begins', '2026-01')
    .option('--families <n>', 'families to enrol; each has three cases (default: by the forms)', wholeNumber)
    .option('--centres <n>', 'locations of the lowest level (default: by the families)', wholeNumber)
    .option('--form-bytes <n>', 'about so many bytes of XML per form, by further questions', wholeNumber)
    .option('--seed <n>', 'another seed, another programme', wholeNumber, 1)
    .action(async ({ dir, domain, partitioner, release, ...options }: LoadFlags) => {
      const began = performance.now();
      const announced = { ...(partitioner && { partitioner }), ...(release && { release }) };
      const done = await loadInstallation(
        dir,
        { ...options, ...(domain && { domain }) },
        announced,
        (forms) => {
          const perSecond = Math.round((forms / (performance.now() - began)) * 1000);
          process.stderr.write(`${forms} forms, ${perSecond} a second\n`);
        },
      );
      print(done);
    });
}

function addSubmit(command: Command): void {
  announcing(verb(command, 'submit', 'take the XML of one form as a phone sends it'))
    .requiredOption('--file <path>', 'the form; - reads it from stdin')
    .option('--raw', 'store the XML uncompressed, as HQ once did')
    .option('--received-on <moment>', 'default: now')
    .action(async (flags: CommonFlags & { file: string; raw?: boolean; receivedOn?: string }) => {
      const xml = readText(flags.file);
      await onHq(flags, async (hq, domain) => {
        const id = await hq.submitForm(xml, {
          domain,
          ...(flags.raw === true ? { compress: false } : {}),
          ...(flags.receivedOn === undefined ? {} : { receivedOn: flags.receivedOn }),
        });
        print(await describeForm(hq, id));
      });
    });
}

interface HappeningFlags extends CommonFlags {
  readonly kind: string;
  readonly count: number;
  readonly seed?: string;
}

function happening(command: Command, kinds: Readonly<Record<string, { readonly what: string }>>): Command {
  const width = Math.max(...Object.keys(kinds).map((kind) => kind.length));
  const lines = Object.entries(kinds).map(([kind, { what }]) => `  ${kind.padEnd(width)}  ${what}`);
  return command
    .requiredOption('--kind <kind>', 'one of the kinds below')
    .option('--count <n>', 'how many', wholeNumber, 1)
    .option('--seed <text>', 'pick the same documents each time')
    .addHelpText('after', `\nKinds:\n${lines.join('\n')}`);
}

function addChange(command: Command): void {
  const made = announcing(verb(command, 'change', 'let something happen to documents that are there'));
  happening(made, CHANGES).action(async (flags: HappeningFlags) => {
    const found = findChange(flags.kind) ?? unknownKind(flags.kind, CHANGES);
    await onHq(flags, async (hq, domain) => {
      const salt = flags.seed ?? hq.context.clock.next();
      const ids = await found.act(hq, { domain, count: flags.count, salt });
      print({ kind: flags.kind, changed: ids.length, ids });
    });
  });
}

function addBreak(command: Command): void {
  const made = verb(command, 'break', 'damage documents in HQ, or send messages no HQ should send');
  happening(made, BREAKS)
    .addOption(new Option('--topic <topic>', 'where bad messages go').choices(TOPICS).default('form-sql'))
    .action(async (flags: HappeningFlags & { topic: Topic }) => {
      const found = findBreak(flags.kind) ?? unknownKind(flags.kind, BREAKS);
      await onHq(flags, async (hq, domain) => {
        const salt = flags.seed ?? hq.context.clock.next();
        const ids = await found.act(hq, { domain, count: flags.count, salt, topic: flags.topic });
        print({ kind: flags.kind, broken: ids.length, ids });
      });
    });
}

function unknownKind(kind: string, kinds: object): never {
  throw new LakeError('USAGE', `Unknown kind ${kind}; there are ${Object.keys(kinds).join(', ')}`);
}

async function onHq(flags: CommonFlags, act: (hq: Hq, domain: string) => Promise<void>): Promise<void> {
  const { partitioner, release } = flags;
  await withHq(flags.dir, (hq, domain) => act(hq, flags.domain ?? domain), {
    ...(partitioner && { partitioner }),
    ...(release && { release }),
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new LakeError('USAGE', `${path} cannot be read: ${asLakeError(cause).message}`, { cause });
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
