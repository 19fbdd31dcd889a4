import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

/** What may be asked for by name: `npm test -- unit`. */
export const PARTS = ['unit', 'integration', 'invariants'] as const;
export type Part = (typeof PARTS)[number];

/** Test files that run together; those of a later group start when the earlier ones have ended. */
export interface Group {
  readonly part: Part;
  readonly name: string;
  /** Files at once. */
  readonly concurrency: number;
  /** The embedded stack must be up, and nothing else may use it. */
  readonly needsStack: boolean;
  readonly files: readonly string[];
}

const DIST = join(PACKAGE_ROOT, 'dist');
const TEST_FILE = '.test.js';
/** Integration tests that start what they need themselves: they run before the stack takes its memory. */
const OWN_SERVICES = ['extract', 'log-store', 'runner', 'storage'];
const CORES_FOR_UNIT_TESTS = 2;

/**
 * The compiled test files of the parts, found by their names. A file whose source is gone is stale and left out.
 * @param words only files whose path holds one of them; none = all
 */
export function findGroups(parts: readonly Part[], words: readonly string[]): readonly Group[] {
  const find = (folder: string): string[] =>
    testFiles(folder).filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  const integration = find('test/integration');
  const ownsServices = (path: string): boolean =>
    OWN_SERVICES.some((folder) => path.startsWith(join('test/integration', folder)));
  const groups: Group[] = [
    group('unit', 'unit', find('test/unit'), { concurrency: CORES_FOR_UNIT_TESTS, needsStack: false }),
    group(
      'integration',
      'integration, own services',
      [...integration.filter(ownsServices), ...find('test/oracle/selftest')],
      {
        concurrency: 1,
        needsStack: false,
      },
    ),
    group(
      'integration',
      'integration',
      integration.filter((path) => !ownsServices(path)),
      {
        concurrency: 1,
        needsStack: true,
      },
    ),
    group('invariants', 'invariants', find('test/invariants'), { concurrency: 1, needsStack: true }),
  ];
  return groups.filter((each) => parts.includes(each.part) && each.files.length > 0);
}

function group(
  part: Part,
  name: string,
  paths: readonly string[],
  how: Pick<Group, 'concurrency' | 'needsStack'>,
): Group {
  return { part, name, ...how, files: paths.map((path) => join(DIST, path)) };
}

/** Paths below dist, in order. */
function testFiles(folder: string): string[] {
  const built = join(DIST, folder);
  if (!existsSync(built)) return [];
  return readdirSync(built, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(TEST_FILE))
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(PACKAGE_ROOT, path.replace(/\.js$/, '.ts'))))
    .sort();
}
