import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFolder, withProgress, type Report } from './cache.js';
import { copyJars, pinned, pomHash } from './maven.js';
import { runTool } from './run-tool.js';
import { requirePip } from './tools.js';

/**
 * Spark itself: jars, bin and sbin of the PyPI package pyspark (the only place that has the Thrift Server's jars),
 * plus the jars of our pom. About 550 MB, made once per pinned set of versions.
 * @returns SPARK_HOME
 */
export function sparkHome(cacheFolder: string, report: Report): Promise<string> {
  const version = pinned('spark.version');
  return cachedFolder(cacheFolder, `spark-${version}-${pomHash()}`, report, async (folder) => {
    const scratch = join(folder, 'scratch');
    mkdirSync(scratch);
    await installPyspark(version, scratch, report);
    for (const part of ['jars', 'bin', 'sbin'])
      renameSync(join(scratch, 'python', 'pyspark', part), join(folder, part));
    // Wheels need not carry the executable bit.
    for (const program of readdirSync(join(folder, 'bin'))) chmodSync(join(folder, 'bin', program), 0o755);
    const extra = join(scratch, 'extra');
    await copyJars(
      {
        profile: 'spark',
        folder: extra,
        cacheFolder,
        what: 'Delta, Kafka, Postgres and S3 jars for Spark (60 MB)',
      },
      report,
    );
    addMissing(extra, join(folder, 'jars'));
    rmSync(scratch, { recursive: true });
  });
}

/** `--target` works without a virtual environment, also where the system's Python is "externally managed". */
async function installPyspark(version: string, scratch: string, report: Report): Promise<void> {
  await requirePip();
  // pip's scratch space goes beside the result: /tmp may be small, and the progress is read from it.
  const pip = join(scratch, 'pip');
  mkdirSync(pip);
  await withProgress(report, `Spark ${version} (pyspark)`, scratch, 450, () =>
    runTool(
      'pip install pyspark',
      'python3',
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--no-deps',
        '--no-cache-dir',
        '--no-compile',
        '--disable-pip-version-check',
        '--target',
        join(scratch, 'python'),
        `pyspark==${version}`,
      ],
      { environment: { TMPDIR: pip, PIP_NO_INPUT: '1' } },
    ),
  );
}

/** Two versions of one artifact on a class path are a fault waiting to happen: Spark's own stays. */
function addMissing(extra: string, jars: string): void {
  const present = new Set(readdirSync(jars).map(artifactOf));
  for (const jar of readdirSync(extra)) {
    if (!present.has(artifactOf(jar))) cpSync(join(extra, jar), join(jars, jar));
  }
}

/** `netty-buffer-4.1.126.Final.jar` → `netty-buffer`; `delta-spark_4.2_2.13-4.4.0.jar` → `delta-spark_4.2_2.13`. */
export function artifactOf(jar: string): string {
  return jar.replace(/\.jar$/, '').replace(/-\d.*$/, '');
}
