import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A table as the ledger names it. */
export interface NamedTable {
  readonly database: string;
  readonly table: string;
  /** Below the lake's root. */
  readonly path: string;
}

/**
 * Counts tables through the Thrift Server by Hive's own JDBC client, as a BI tool does.
 * @param env the stack's variables: SPARK_HOME, THRIFT_HOST, THRIFT_PORT
 * @returns rows by the table's path
 */
export async function countByBeeline(
  env: Readonly<Record<string, string | undefined>>,
  tables: readonly NamedTable[],
): Promise<ReadonlyMap<string, number>> {
  const parts = tables.map(
    ({ database, table, path }) =>
      `SELECT '${path}' AS path, count(*) AS n FROM \`${database}\`.\`${table}\``,
  );
  const rows = await beeline(env, `${parts.join(' UNION ALL ')};`);
  return new Map(rows.map(([path = '', count = '']) => [path, Number(count)]));
}

async function beeline(env: Readonly<Record<string, string | undefined>>, sql: string): Promise<string[][]> {
  const java = env['JAVA_HOME'] === undefined ? 'java' : join(env['JAVA_HOME'], 'bin', 'java');
  const url = `jdbc:hive2://${env['THRIFT_HOST'] ?? ''}:${env['THRIFT_PORT'] ?? ''}/default`;
  const { stdout } = await run(java, [
    ...['-Xmx256m', '-XX:TieredStopAtLevel=1'],
    ...['-cp', [join(env['SPARK_HOME'] ?? '', 'jars', '*')].join(delimiter)],
    ...['org.apache.hive.beeline.BeeLine', '-u', url, '-n', 'analyst', '-p', 'none'],
    ...['--silent=true', '--showHeader=false', '--outputformat=tsv2', '-e', sql],
  ]);
  return stdout
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => line.split('\t'));
}
