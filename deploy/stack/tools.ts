import { LakeError } from '../../orchestrator/errors.js';
import { tryTool } from './run-tool.js';

const OLDEST_JAVA = 17;
/** pyspark 4.2 asks for it. */
const OLDEST_PYTHON = [3, 10] as const;

export interface JavaFacts {
  readonly major: number;
  /** The whole version text: a class archive fits one build of the JDK only. */
  readonly build: string;
}

/** @throws LakeError TOOL_MISSING when there is no JDK of version 17 or newer */
export async function requireJava(java: string): Promise<JavaFacts> {
  const mend = `Install a JDK of version ${OLDEST_JAVA} or newer and set JAVA_HOME to it, or put its java on PATH.`;
  const version = await tryTool(java, ['-version']);
  if (version.exitCode !== 0) throw missing(`Java was not found (${java})`, mend);
  const major = Number(/version "(\d+)/.exec(version.output)?.[1]);
  if (!(major >= OLDEST_JAVA)) throw missing(`Java is too old: ${version.output.split('\n')[0] ?? ''}`, mend);
  const modules = await tryTool(java, ['--list-modules']);
  if (!modules.output.includes('jdk.compiler') || !modules.output.includes('jdk.jartool')) {
    throw missing('Java is a runtime only, without a compiler', mend);
  }
  return { major, build: version.output };
}

/** Only asked for when something must be downloaded. @throws LakeError TOOL_MISSING */
export async function requireMaven(): Promise<void> {
  const { exitCode, output } = await tryTool('mvn', ['-version']);
  if (exitCode === 0) return;
  const reason =
    exitCode === null ? 'was not found on PATH' : `does not run: ${output.trim().split('\n')[0] ?? ''}`;
  throw missing(`Maven (mvn) ${reason}`, 'Install Maven 3.8 or newer.');
}

/** Only asked for when something must be downloaded. @throws LakeError TOOL_MISSING */
export async function requirePip(): Promise<void> {
  const [major, minor] = OLDEST_PYTHON;
  const version = await tryTool('python3', ['-c', 'import sys; print(*sys.version_info[:2])']);
  if (version.exitCode !== 0) {
    throw missing(
      'Python 3 (python3) was not found on PATH',
      `Install Python ${major}.${minor} or newer with pip.`,
    );
  }
  const found = version.output.trim().split(' ').map(Number);
  if ((found[0] ?? 0) < major || (found[0] === major && (found[1] ?? 0) < minor)) {
    throw missing(
      `Python ${found.join('.')} is too old`,
      `Install Python ${major}.${minor} or newer with pip.`,
    );
  }
  const pip = await tryTool('python3', ['-m', 'pip', '--version']);
  if (pip.exitCode !== 0) {
    throw missing(
      'pip is missing (python3 -m pip)',
      'Install it: the package python3-pip, or python3 -m ensurepip.',
    );
  }
}

function missing(message: string, mend: string): LakeError {
  return new LakeError('TOOL_MISSING', message, { mend });
}
