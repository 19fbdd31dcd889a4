import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { asLakeError } from '../../orchestrator/errors.js';
import { withOwnStack } from '../helpers/own-stack.js';
import { MEASUREMENTS } from './all.js';
import { machineFacts } from './machine.js';
import type { Bench, Measurement, Size } from './measurement.js';
import { reportText, sectionLines, type Section } from './report.js';

const USAGE = `npm run bench -- [words of names] [--full | --smoke] [--json FILE]
Measurements: ${MEASUREMENTS.map(({ name }) => name).join(', ')}`;

/**
 * Measures and prints the report as Markdown (progress goes to stderr). It brings its own stack, unless TEST_STACK_DIR
 * names one that is up.
 * @returns the exit code: 0 all measured (whether or not targets are reached), 1 not, 2 wrong usage
 */
export async function runBench(argv: readonly string[]): Promise<number> {
  const options = {
    full: { type: 'boolean' },
    smoke: { type: 'boolean' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (thrown) {
    say(`${asLakeError(thrown).message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals: words } = parsed;
  const chosen = MEASUREMENTS.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (values.help === true || chosen.length === 0) {
    say(USAGE);
    return values.help === true ? 0 : 2;
  }
  const machine = machineFacts();
  const size: Size = values.full === true ? 'full' : values.smoke === true ? 'smoke' : 'quick';
  const sections: Section[] = [];
  const measureAll = async (some: readonly Measurement[]): Promise<void> => {
    for (const each of some) {
      const section = await measured(each, size);
      sections.push(section);
      // What has been measured is told even when the rest is broken off.
      say(sectionLines(section).join('\n'));
    }
  };
  await measureAll(chosen.filter(({ needsStack }) => !needsStack));
  const onStack = chosen.filter(({ needsStack }) => needsStack);
  if (onStack.length > 0) await withOwnStack(() => measureAll(onStack), say);
  const report = { machine, size, sections };
  process.stdout.write(`${reportText(report)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return sections.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

async function measured(measurement: Measurement, size: Size): Promise<Section> {
  const { name, title } = measurement;
  const began = performance.now();
  const undo: (() => void | Promise<void>)[] = [];
  const bench: Bench = {
    size,
    after: (act) => {
      undo.push(act);
    },
    progress: (text) => {
      say(`${name}: ${text}`);
    },
  };
  const section = (rest: Pick<Section, 'figures' | 'failure'>): Section => ({
    ...{ name, title, seconds: (performance.now() - began) / 1000 },
    ...rest,
  });
  try {
    return section({ figures: await measurement.measure(bench) });
  } catch (thrown) {
    const { message, stack } = asLakeError(thrown);
    say(stack ?? message);
    return section({ figures: [], failure: message });
  } finally {
    for (const act of undo.reverse()) await act();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
