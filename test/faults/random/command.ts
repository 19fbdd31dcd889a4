import { parseArgs } from 'node:util';
import { withOwnStack } from '../../helpers/own-stack.js';
import { FAULT_NAMES, FAULTS, isFaultName, type FaultName } from './named-faults.js';
import { describePlan, planPoints, planRun, type RunPlan } from './plan.js';
import { commitOf, writeReport, type ReportRow } from './report.js';
import { run, type RunOutcome } from './run.js';
import { Story } from './story.js';

const HELP = `npm run test:faults -- --seed N [--runs K]   K random runs, of seeds N, N+1, …; each plan follows from its seed
npm run test:faults -- --points             every named fault once
  --faults a,b     only these (--list names them)
  --rounds R       rounds of a random run (default 3)
  --plan           print the plans, run nothing
  --report         append a row per run to test/faults/REPORT.md
  --list           the named faults
Ends with 0 when every run is right, 1 when one is not (its folder is kept and named), 2 for a wrong command line.`;

interface Flags {
  readonly plans: readonly RunPlan[];
  /** How each is run again. */
  readonly replay: (plan: RunPlan) => string;
  readonly onlyPlan: boolean;
  readonly report: boolean;
}

/** `npm run test:faults` with flags. @returns the exit code */
export async function faultsCommand(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (typeof flags === 'string') {
    say(flags);
    return flags === HELP || flags.startsWith('FAULTS') ? 0 : 2;
  }
  if (flags.onlyPlan) {
    for (const plan of flags.plans) say(`${describePlan(plan)}\n`);
    return 0;
  }
  const rows: ReportRow[] = [];
  const stop = stopOnSignal();
  await withOwnStack(async () => {
    for (const plan of flags.plans) {
      if (stop.aborted) break;
      const row = await runOne(plan, flags.replay(plan));
      rows.push(row);
      if (flags.report) writeReport(row);
    }
  }, say);
  const failed = rows.filter((row) => row.outcome !== 'right').length;
  say(`\n${rows.length - failed} right, ${failed} wrong`);
  return failed === 0 && rows.length === flags.plans.length ? 0 : 1;
}

async function runOne(plan: RunPlan, replay: string): Promise<ReportRow> {
  const story = new Story(plan.name, say);
  const undo: (() => void | Promise<void>)[] = [];
  const closing = { after: (act: () => void | Promise<void>) => void undo.unshift(act) };
  let outcome: RunOutcome | undefined;
  let wrong: string | undefined;
  try {
    outcome = await run(plan, story, closing);
  } catch (thrown) {
    wrong = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    story.write('wrong', wrong);
  }
  for (const act of undo) {
    try {
      await act();
    } catch (thrown) {
      // What can't be undone must not hide what went wrong, nor keep the rest from being undone.
      story.say(`undoing: ${String(thrown)}`);
    }
  }
  const minutes = story.seconds / 60;
  if (wrong === undefined) story.forget();
  else say(`\nWRONG: ${plan.name}. Everything of it: ${story.folder}\nAgain: ${replay}\n`);
  if (outcome !== undefined)
    say(
      `right: ${plan.name}, ${outcome.changed} changes, ${outcome.batches} batches, ${minutes.toFixed(1)} min`,
    );
  return {
    name: plan.name,
    hit: outcome?.hit ?? [],
    missed: outcome?.missed ?? [],
    planned: plan.rounds.flatMap((round) =>
      round.faults.flatMap(({ fault, and }) => (and === null ? [fault] : [fault, and])),
    ),
    changed: outcome?.changed,
    batches: outcome?.batches,
    minutes,
    outcome: wrong === undefined ? 'right' : 'WRONG',
    commit: commitOf(),
  };
}

function readFlags(args: readonly string[]): Flags | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        runs: { type: 'string', default: '1' },
        rounds: { type: 'string' },
        faults: { type: 'string' },
        points: { type: 'boolean', default: false },
        plan: { type: 'boolean', default: false },
        report: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${HELP}`;
  }
  if (values.help) return HELP;
  if (values.list) return listOfFaults();
  const words = values.faults?.split(',') ?? [...FAULT_NAMES];
  const strange = words.filter((word) => !isFaultName(word));
  if (strange.length > 0) return `There is no fault ${strange.join(', ')}\n\n${listOfFaults().slice(7)}`;
  const faults = words.filter(isFaultName);
  const [seed, runs, rounds] = [values.seed ?? '', values.runs, values.rounds ?? '3'].map(wholeNumber);
  const { plan: onlyPlan, report } = values;
  const suffix = values.faults === undefined ? '' : ` --faults ${values.faults}`;
  if (values.points) {
    const replay = (plan: RunPlan): string =>
      `npm run test:faults -- --points --faults ${plan.rounds.flatMap((round) => round.faults.map(({ fault }) => fault)).join(',')}`;
    return { plans: planPoints(faults), replay, onlyPlan, report };
  }
  if (seed === undefined || runs === undefined || rounds === undefined)
    return `Give --seed N (and --runs, --rounds), whole numbers, or --points\n\n${HELP}`;
  const again = values.rounds === undefined ? suffix : `${suffix} --rounds ${rounds}`;
  return {
    plans: Array.from({ length: runs }, (_, turn) => planRun(seed + turn, { faults, rounds })),
    replay: (plan) => `npm run test:faults -- --seed ${plan.name.replace('seed ', '')}${again}`,
    onlyPlan,
    report,
  };
}

function listOfFaults(): string {
  const width = Math.max(...FAULT_NAMES.map((name) => name.length));
  return `FAULTS\n${FAULT_NAMES.map((name: FaultName) => `  ${name.padEnd(width)}  ${FAULTS[name].what}`).join('\n')}`;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A signal ends it after the run under way, which takes the stack down; a second one at once. */
function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      say('Stopping after this run; once more: at once');
      stop.abort();
    });
  return stop.signal;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
