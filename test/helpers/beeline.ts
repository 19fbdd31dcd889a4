import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { stackVariable } from './stack-environment.js';

const run = promisify(execFile);

/**
 * Asks the Thrift Server by Hive's own JDBC client, as a BI tool does.
 * @returns rows as lists of text
 */
export async function beeline(env: Readonly<Record<string, string>>, sql: string): Promise<string[][]> {
  const java =
    process.env['JAVA_HOME'] === undefined ? 'java' : join(process.env['JAVA_HOME'], 'bin', 'java');
  const url = `jdbc:hive2://${env['THRIFT_HOST'] ?? ''}:${env['THRIFT_PORT'] ?? ''}/default`;
  const { stdout } = await run(java, [
    ...['-Xmx256m', '-XX:TieredStopAtLevel=1'],
    ...['-cp', [join(stackVariable('SPARK_HOME'), 'jars', '*')].join(delimiter)],
    ...['org.apache.hive.beeline.BeeLine', '-u', url, '-n', 'analyst', '-p', 'none'],
    ...['--silent=true', '--showHeader=false', '--outputformat=tsv2', '-e', sql],
  ]);
  return stdout
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => line.split('\t'));
}
