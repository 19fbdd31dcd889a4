import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import type { Report } from './cache.js';
import { runTool } from './run-tool.js';
import { requireMaven } from './tools.js';

const POM = join(PACKAGE_ROOT, 'deploy', 'pom.xml');

export interface JarRequest {
  /** A profile of deploy/pom.xml. */
  readonly profile: 'spark' | 'kafka' | 'redis';
  /** Gets the profile's jars with all they depend on. */
  readonly folder: string;
  readonly cacheFolder: string;
  /** For the progress line. */
  readonly what: string;
}

/** @throws LakeError TOOL_MISSING, STACK_FAILED */
export async function copyJars(request: JarRequest, report: Report): Promise<void> {
  const { profile, folder, cacheFolder, what } = request;
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
    ...localRepository(cacheFolder),
  ]);
}

/** Java takes the home folder from the account, not from HOME: service accounts and containers may have none. */
function localRepository(cacheFolder: string): string[] {
  try {
    accessSync(userInfo().homedir, constants.W_OK);
    return [];
  } catch {
    return [`-Dmaven.repo.local=${join(cacheFolder, 'maven-repository')}`];
  }
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
