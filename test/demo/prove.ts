import { stackUp } from '../../deploy/stack/stack.js';
import { LakeError } from '../../orchestrator/errors.js';
import { countByBeeline, type NamedTable } from '../helpers/beeline.js';
import { countByOtherEngine, runOracle, type OracleTable } from '../oracle/oracle.js';

export interface Proof {
  /** The stack's folder: its Thrift Server is started where it is not up. */
  readonly dir: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** As the ledger names them. */
  readonly tables: readonly NamedTable[];
  /**
   * When HQ had been filled, by its clock; the lake read it from then on. A record keeps the place it had when it was
   * last written: the place HQ tells now is demanded of every record whose place has not changed in HQ since then.
   */
  readonly filledAt: string;
  readonly say: (line: string) => void;
}

/**
 * The lake against HQ, by three that share no code with the pipeline's writing: the oracle compares every row and
 * column, delta-rs and Spark's Thrift Server count. Prints a line per table.
 * @returns whether all agree
 */
export async function proveLake({ dir, variables, tables, filledAt, say }: Proof): Promise<boolean> {
  say('Comparing every row and column with HQ (an oracle of its own, in Python)');
  const [verdict, thrift] = await Promise.all([
    runOracle(variables, { locationColumns: 'written', readSince: filledAt }),
    stackUp({ dir, thrift: true }),
  ]);
  if (verdict.error !== null) throw new LakeError('INTERNAL', `The oracle failed: ${verdict.error}`);
  say('Counting with the Python package deltalake, and by SQL with beeline through the Thrift Server');
  const [byDelta, byThrift] = await Promise.all([
    countByOtherEngine(variables),
    countByBeeline({ ...variables, ...thrift.env }, tables),
  ]);
  let agree = verdict.ok && verdict.tables.length > 0;
  for (const table of verdict.tables) {
    const hq = byDelta.find((each) => each.table === table.table)?.hq ?? 0;
    const delta = byDelta.find((each) => each.table === table.table)?.lake ?? 0;
    const sql = byThrift.get(`commcare/${table.table}`) ?? 0;
    agree &&= delta === hq && sql === hq;
    const open = table.openPlaces === 0 ? '' : `; ${table.openPlaces} have moved since they were read`;
    const counts = `HQ ${hq} live rows, deltalake ${delta}, beeline ${sql}`;
    process.stdout.write(
      `${table.ok ? 'equal    ' : 'DIFFERENT'} ${table.table}: ${counts}${open}${faultsOf(table)}\n`,
    );
  }
  process.stdout.write(agree ? 'The lake equals HQ.\n' : 'The lake DIFFERS from HQ.\n');
  return agree;
}

/** Nothing for a table that equals HQ; else how much differs and where to begin to look. */
function faultsOf({ missing, extra, doubled, differing, problems }: OracleTable): string {
  const finds = Object.entries({ missing, extra, doubled, differing }).filter(([, { total }]) => total > 0);
  const cells = differing.cells.slice(0, 3).map(({ id, column }) => `${column} of ${id}`);
  const told = [...finds.map(([what, { total }]) => `${total} ${what}`), ...problems, ...cells];
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}
