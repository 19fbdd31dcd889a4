import { fileURLToPath } from 'node:url';
import { identifier } from '../../orchestrator/sql/identifier.js';
import { sql } from '../../orchestrator/sql/text.js';
import { endDrivers } from '../helpers/spark-drivers.js';
import { stackVariable } from '../helpers/stack-environment.js';
import { mergeByDeltalake, type DeltalakeMerge } from './baselines/merge-by-deltalake.js';
import type { Figure, Measurement } from './measurement.js';
import { rewriteFigure } from './merge/delta-files.js';
import { FREE_COLUMNS, MergeTable } from './merge/merge-table.js';
import { openMergeLake, spread } from './merge/open-merge-lake.js';
import { runCompiled } from './merge/run-lanes.js';
import type { ProcessUsage } from './process-usage.js';
import { whileWatched } from './spark-usage.js';
import { median, readable } from './statistics.js';

/** Rounds that are no part of the figures: the driver starts, and compiles what it does most. */
const WARM_UPS = 1;

interface Round {
  readonly ours: number;
  readonly usage: ProcessUsage | null;
  readonly theirs: DeltalakeMerge;
}

/** The same rows, staged once, merged by a lane and by deltalake, in turn. */
export const merge5m: Measurement = {
  name: 'merge-5m',
  title:
    'A large MERGE (four updates to one insert, 40 columns) against the Python package deltalake, in turn',
  needsStack: true,
  async measure(bench) {
    const size = { smoke: 5_000, quick: 500_000, full: 5_000_000 }[bench.size];
    const count = { smoke: 500, quick: 50_000, full: 50_000 }[bench.size];
    const rounds = { smoke: 1, quick: 3, full: 5 }[bench.size];
    await endDrivers();
    const { lake, spark } = await openMergeLake(bench, '2g');
    const table = new MergeTable(spark, lake.domain, 'large');
    bench.progress(`the table grows to ${readable(size)} rows`);
    await table.grow(size);
    const copyUrl = `${table.url}-copy`;
    bench.progress('its copy for deltalake is written');
    await runCompiled(
      spark,
      sql`CREATE TABLE delta.${identifier(copyUrl)} USING delta PARTITIONED BY (\`month\`)
TBLPROPERTIES ('delta.dataSkippingStatsColumns' = '_id,_rev') AS SELECT * FROM delta.${identifier(table.url)}`,
    );
    const copy = fileURLToPath(copyUrl);
    const done: Round[] = [];
    for (let round = 0; round < WARM_UPS + rounds; round++) {
      bench.progress(`round ${round + 1} of ${WARM_UPS + rounds}`);
      const inserts = count / 5;
      const fresh = Array.from({ length: inserts }, (_, index) => size + round * inserts + index);
      const staged = await table.stage([...spread(count - inserts, size, round), ...fresh]);
      const { result, usage } = await whileWatched(stackVariable('TEST_STACK_DIR'), () =>
        table.merge(staged),
      );
      const theirs = await mergeByDeltalake(copy, table.stagingFolder(staged), staged.sequence, FREE_COLUMNS);
      if (theirs.inserted !== inserts || theirs.updated !== count - inserts)
        throw new Error(`deltalake changed other rows: ${JSON.stringify(theirs)}`);
      done.push({ ours: result.seconds, usage, theirs });
    }
    return [
      ...figuresOf(done.slice(WARM_UPS), `${readable(count)} rows into ${readable(size)}`),
      rewriteFigure('ours', [table.folder], rounds),
      rewriteFigure('deltalake', [copy], rounds),
    ];
  },
};

function* figuresOf(rounds: readonly Round[], what: string): Generator<Figure> {
  const ours = rounds.map((round) => round.ours);
  const theirs = rounds.map((round) => round.theirs.seconds);
  const ratios = rounds.map((round) => round.ours / round.theirs.seconds);
  const all = (values: readonly number[]): string => `median of ${values.map(readable).join('; ')}`;
  yield { what: `${what}: our MERGE, warm driver`, value: median(ours), unit: 's', how: all(ours) };
  const read = median(rounds.map((round) => round.theirs.readSeconds));
  yield {
    what: `${what}: deltalake`,
    value: median(theirs),
    unit: 's',
    how: `${all(theirs)}; of which reading the staged rows ${readable(read)}`,
  };
  yield {
    what: `${what}: ours against deltalake`,
    value: median(ratios),
    unit: 'times its seconds',
    target: { atMost: 3 },
    how: `${all(ratios)}, a round each`,
  };
  const used = rounds.flatMap(({ usage }) => (usage === null ? [] : [usage]));
  if (used.length > 0) {
    const megabytes = Math.max(...used.map(({ peakBytes }) => peakBytes)) / 1024 ** 2;
    yield {
      what: 'processor time of Spark per merge',
      value: median(used.map(({ cpuSeconds }) => cpuSeconds)),
      unit: 's',
    };
    yield { what: 'peak memory of Spark', value: megabytes, unit: 'MB' };
  }
  const peak = Math.max(...rounds.map((round) => round.theirs.peakBytes)) / 1024 ** 2;
  yield {
    what: 'processor time of deltalake per merge',
    value: median(rounds.map((round) => round.theirs.cpuSeconds)),
    unit: 's',
  };
  yield { what: 'peak memory of deltalake', value: peak, unit: 'MB' };
}
