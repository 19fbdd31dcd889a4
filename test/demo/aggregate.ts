import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { monthLabel } from '../../orchestrator/aggregation/month-facts.js';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { planProgramme, type ProgrammeOptions } from '../hq-sim/programme/options.js';
import { dayAfterMonths, dateText } from '../hq-sim/programme/calendar.js';
import { checkWarehouse, type TableReport } from '../truth/check.js';
import { printDistricts } from './district-table.js';

export interface Numbers {
  readonly domain: string;
  /** `YYYY-MM-01`, in order. */
  readonly months: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
}

const MONTHS = 3;

/** The last three months of a programme. */
export function lastMonths(options: ProgrammeOptions): string[] {
  const { firstMonth, months } = planProgramme(options);
  return Array.from({ length: months }, (_, index) => dateText(dayAfterMonths(firstMonth, index))).slice(
    -MONTHS,
  );
}

/**
 * The programme's numbers: aggregates each month, compares the warehouse with what HQ's own stores make of the same rules
 * (test/truth, without the product's code), and prints the last month by district.
 * @returns whether every table of every month is equal
 */
export async function showNumbers({ domain, months, variables, say }: Numbers): Promise<boolean> {
  for (const month of months) {
    say(`Aggregating ${month.slice(0, 7)}: lake → numbers → warehouse`);
    await aggregate(domain, month, variables);
  }
  say('Comparing the warehouse with the numbers worked out from HQ by itself');
  const report = await checkWarehouse(domain, months, variables);
  for (const table of report.tables) process.stdout.write(`${lineOf(table)}\n`);
  if (report.unreadable > 0) say(`${report.unreadable} forms of HQ cannot be read`);
  // Nothing compared with nothing would prove nothing.
  const equal = report.ok && report.tables.every(({ expected }) => expected > 0);
  process.stdout.write(
    equal ? 'The warehouse equals the truth.\n' : 'The warehouse DIFFERS from the truth.\n',
  );
  const last = months.at(-1);
  if (last !== undefined) await printDistricts(domain, last, variables);
  return equal;
}

/** As a user would: a process of its own. */
async function aggregate(
  domain: string,
  month: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const program = join(PACKAGE_ROOT, 'orchestrator', 'bin.mjs');
  const child = spawn(process.execPath, [program, 'aggregation', 'all', domain, month], {
    // The table it prints says all; its log is for those who ask for it.
    env: { ...process.env, ...variables, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0)
    throw new LakeError('INTERNAL', `\`dimagi-lake aggregation all\` ended with ${code ?? 'a signal'}`, {
      facts: { domain, month },
    });
}

function lineOf({ table, month, expected, actual, differences }: TableReport): string {
  const what = monthLabel(table, month);
  const counts = `truth ${expected} rows, warehouse ${actual}`;
  if (differences.length === 0) return `equal     ${what}: ${counts}`;
  const columns = [...new Set(differences.flatMap(({ column }) => (column === undefined ? [] : [column])))];
  const rows = differences.filter(({ kind }) => kind !== 'differs');
  const [first] = differences;
  const told = [
    ...(rows.length === 0 ? [] : [`${rows.length} missing or extra`]),
    ...(columns.length === 0 ? [] : [`other values in ${columns.join(', ')}`]),
    ...(first === undefined ? [] : [`first ${first.kind} ${first.key}`]),
  ];
  return `DIFFERENT ${what}: ${counts} (${told.join('; ')})`;
}
