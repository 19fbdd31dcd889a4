import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { LakeError } from '../errors.js';

/**
 * What the embedded stack takes from the caller's environment: where downloads are kept, which JDK to use, and the
 * storage credentials its Spark worker hands to drivers.
 */
export interface StackEnvironment {
  /** Absolute folder that all stacks of this user share. */
  readonly cacheFolder: string;
  /** The `java` program: of JAVA_HOME, else looked up on PATH. */
  readonly java: string;
  /** AWS_* as they are set; they reach drivers by the worker's environment, never by a property. */
  readonly aws: Readonly<Record<string, string>>;
  /** An S3-compatible store other than AWS. */
  readonly s3Endpoint: string | undefined;
  /** What a daemon inherits: enough to run, and nothing that may be a secret. */
  readonly daemon: Readonly<Record<string, string>>;
}

const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'JAVA_HOME'];

/** @throws LakeError CONFIG_INVALID when a folder named by the environment is not absolute */
export function readStackEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): StackEnvironment {
  const javaHome = given(source, 'JAVA_HOME');
  return {
    cacheFolder: cacheFolder(source),
    java: javaHome === undefined ? 'java' : join(javaHome, 'bin', 'java'),
    aws: pick(source, (name) => name.startsWith('AWS_')),
    s3Endpoint: given(source, 'S3_ENDPOINT'),
    daemon: pick(source, (name) => INHERITED.includes(name)),
  };
}

/** All that the caller has set: build tools such as Maven and pip need its proxies and certificates. */
export function callerEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

function cacheFolder(source: Readonly<Record<string, string | undefined>>): string {
  const own = given(source, 'DIMAGI_LAKE_CACHE');
  const shared = given(source, 'XDG_CACHE_HOME');
  const folder =
    own ?? (shared === undefined ? join(homedir(), '.cache', 'dimagi-lake') : join(shared, 'dimagi-lake'));
  if (isAbsolute(folder)) return folder;
  throw new LakeError('CONFIG_INVALID', `The cache folder ${folder} is not an absolute path`, {
    mend: 'Set DIMAGI_LAKE_CACHE (or XDG_CACHE_HOME) to an absolute path.',
  });
}

function given(source: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = source[name];
  return value === undefined || value === '' ? undefined : value;
}

function pick(
  source: Readonly<Record<string, string | undefined>>,
  wanted: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(source).filter(
      (entry): entry is [string, string] => wanted(entry[0]) && Boolean(entry[1]),
    ),
  );
}
