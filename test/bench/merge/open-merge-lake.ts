import { migrateLedger } from '../../../orchestrator/ledger/migrate.js';
import { freshLake, type FreshLake } from '../../helpers/fresh-lake.js';
import { openLakeSpark, type LakeSpark } from '../lake-spark.js';
import type { Bench } from '../measurement.js';

/** Longer than the growing of a large table, so that the driver of the merges stays. */
const WARM_SECONDS = '600';

/** A lake whose tables are made by lanes alone. */
export async function openMergeLake(
  bench: Bench,
  memory = '1g',
): Promise<{ readonly lake: FreshLake; readonly spark: LakeSpark }> {
  const env = { SPARK_DRIVER_MEMORY: memory, SPARK_WARM_SECONDS: WARM_SECONDS };
  const lake = await freshLake(bench, { env });
  const spark = openLakeSpark(lake);
  bench.after(() => spark.close());
  await migrateLedger(spark.database, spark.environment.LEDGER_RUNNER_DATABASE_URL);
  return { lake, spark };
}

/** So many different rows, spread over all of the table: every `of / count`-th, other ones each round. */
export function spread(count: number, of: number, round: number): number[] {
  const step = Math.max(1, Math.floor(of / count));
  return Array.from({ length: count }, (_, index) => (index * step + (round % step)) % of);
}
