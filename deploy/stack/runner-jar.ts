import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { cachedFolder, type Report } from './cache.js';
import { pomHash } from './maven.js';
import { runTool } from './run-tool.js';

const SOURCES = join(PACKAGE_ROOT, 'spark-jobs', 'runner', 'src', 'main', 'java');
/** Spark 4.2 runs on Java 17 and newer. */
const JAVA_RELEASE = '17';

/**
 * Compiles the runner (spark-jobs/runner) against Spark's own jars and packs it; named by the hash of its sources,
 * so a changed source is a new jar beside the old one that running drivers have open.
 * @returns the jar's absolute path
 */
export async function runnerJar(
  cacheFolder: string,
  java: string,
  sparkHome: string,
  report: Report,
  sources: string = SOURCES,
): Promise<string> {
  const files = javaFiles(sources);
  if (files.length === 0) {
    throw new LakeError('STACK_FAILED', `There is no Java source under ${sources}`, {
      mend: 'The checkout is incomplete: restore spark-jobs/runner.',
    });
  }
  const folder = await cachedFolder(
    cacheFolder,
    `runner-${hashOf(sources, files)}`,
    report,
    async (target) => {
      report('Compiling the Spark runner');
      const classes = join(target, 'classes');
      mkdirSync(classes);
      const classpath = jarsOf(sparkHome).join(delimiter);
      const options = [
        '--release',
        JAVA_RELEASE,
        '-nowarn',
        '-proc:none',
        '-encoding',
        'UTF-8',
        '-cp',
        classpath,
      ];
      const compile = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', ...options, '-d', classes, ...files];
      await runTool('javac (spark-jobs/runner)', java, ['-Xmx512m', ...compile]);
      const pack = ['cf', join(target, 'runner.jar'), '-C', classes, '.'];
      await runTool('Packing the runner jar', java, ['-m', 'jdk.jartool/sun.tools.jar.Main', ...pack]);
      rmSync(classes, { recursive: true });
    },
  );
  return join(folder, 'runner.jar');
}

/** `jars/*` is understood by the javac program only, not by its main class. */
function jarsOf(sparkHome: string): string[] {
  const folder = join(sparkHome, 'jars');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(folder, name));
}

function javaFiles(sources: string): string[] {
  if (!existsSync(sources)) return [];
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(sources, name))
    .sort();
}

/** Compiled against other jars, it is another jar: the pom's hash counts too. */
function hashOf(sources: string, files: readonly string[]): string {
  const hash = createHash('sha256').update(pomHash());
  for (const file of files)
    hash.update(relative(sources, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
}
