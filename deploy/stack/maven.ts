import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { Report } from './cache.js';
import { runTool } from './run-tool.js';
import { requireMaven } from './tools.js';

const POM = join(PACKAGE_ROOT, 'deploy', 'pom.xml');

export type MavenProfile = 'spark' | 'kafka' | 'redis';

/** Copies a profile's jars, with all they depend on, into a folder. @throws LakeError TOOL_MISSING, STACK_FAILED */
export async function copyJars(
  profile: MavenProfile,
  folder: string,
  report: Report,
  what: string,
): Promise<void> {
  await requireMaven();
  report(`Maven: fetching ${what}`);
  await runTool(`Maven (jars for ${profile})`, 'mvn', [
    '-q',
    '-B',
    '-f',
    POM,
    '-P',
    profile,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
    '-DincludeScope=runtime',
  ]);
}

/** A pinned version, e.g. `spark.version`. */
export function pinned(property: string): string {
  const version = new RegExp(`<${property}>([^<]+)</${property}>`).exec(readFileSync(POM, 'utf8'))?.[1];
  if (version !== undefined) return version;
  throw new LakeError('INTERNAL', `deploy/pom.xml has no property ${property}`);
}

/** Changes with the pinned versions, so that a new pom never meets old jars. */
export function pomHash(): string {
  return createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
}
