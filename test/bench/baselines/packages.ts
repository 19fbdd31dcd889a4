import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { pythonPackages } from '../../oracle/python.js';

/** Folder of a baseline's programs, in the sources. */
export function baselineFolder(name: 'original' | 'deltalake'): string {
  return join(PACKAGE_ROOT, 'test', 'bench', 'baselines', name);
}

/** The folder with a baseline's Python packages, pinned; made on first use. */
export async function baselinePackages(name: 'original' | 'deltalake'): Promise<string> {
  const requirements = join(baselineFolder(name), 'requirements.txt');
  const folder = await pythonPackages(`bench-${name}`, [requirements], process.env);
  // PySpark brings 400 MB of jars; the stack's Spark home has the same, and those of Delta and Kafka.
  rmSync(join(folder, 'pyspark', 'jars'), { recursive: true, force: true });
  return folder;
}
