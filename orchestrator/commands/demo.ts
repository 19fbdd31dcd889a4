import { InvalidArgumentError, type Command } from 'commander';
import { withExamples } from './help.js';

/** `demo`: hands over to test/demo, because it needs the simulator and the oracle, which the product does not know. */
export function registerDemo(program: Command): void {
  const demo = program
    .command('demo')
    .description(
      'start everything on this machine, ingest a simulated HQ, prove the lake right, show its numbers',
    )
    .option('--once', 'end after the numbers; without it ingestion goes on until Ctrl-C')
    .option('--dir <folder>', 'where everything stands', '.dimagi-lake')
    .option('--forms <n>', 'about how many forms HQ gets', wholeNumber, 5400)
    .action(async (options: { once?: boolean; dir: string; forms: number }) => {
      const { runDemo } = await import('../../test/demo/demo.js');
      process.exitCode = await runDemo({ ...options, once: options.once ?? false });
    });
  withExamples(
    demo,
    {
      'dimagi-lake demo --once': 'start, fill HQ, ingest, prove, aggregate, end; the stack stays up',
      'dimagi-lake demo': 'the same, and go on ingesting what `hq-sim change` does',
    },
    ['Ends with 0 only when every row and column of the lake, and every number of the warehouse, is right.'],
  );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('must be a whole number above 0');
  return number;
}
