import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

/** What may be asked for by name: `npm test -- unit`. */
export const PARTS = ['unit', 'integration', 'dashboard', 'invariants', 'faults', 'long'] as const;
/** What runs when no part is named. Each fault one by one, and what takes many batches, have commands of their own. */
export const USUAL_PARTS: readonly Part[] = ['unit', 'integration', 'dashboard', 'invariants'];
export type Part = (typeof PARTS)[number];

/** Test files that run together, so many at once. */
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
const CORES_FOR_UNIT_TESTS = 2;
/** How a test reaches the stack. All others start what they need themselves. */
const NEEDS_STACK = /\b(freshLake|openHqWorld|stackVariable|STACK_POSTGRES_URL)\b|\.\/broker\.js/;

/**
 * The compiled test files of the parts, found by their names. A file whose source is gone is stale and left out.
 * @param words only files whose path holds one of them; none = all
 */
export function findGroups(parts: readonly Part[], words: readonly string[]): readonly Group[] {
  const find = (folder: string): TestFile[] =>
    testFiles(folder).filter(
      ({ source }) => words.length === 0 || words.some((word) => source.includes(word)),
    );
  const integration = [...find('test/integration'), ...find('test/oracle/selftest')];
  const faults = find('test/faults');
  const long = find('test/long');
  // One at a time, as those on the stack run beside them (test-run.ts).
  const alone = { concurrency: 1, needsStack: false };
  const onStack = { concurrency: 1, needsStack: true };
  const groups = [
    group('unit', 'unit', find('test/unit'), { concurrency: CORES_FOR_UNIT_TESTS, needsStack: false }),
    group(
      'integration',
      'integration, own services',
      integration.filter((file) => !needsStack(file)),
      alone,
    ),
    group('dashboard', 'dashboard, in a browser', find('test/dashboard'), alone),
    group('integration', 'integration', integration.filter(needsStack), onStack),
    group('invariants', 'invariants', find('test/invariants'), onStack),
    group(
      'faults',
      'faults, own services',
      faults.filter((file) => !needsStack(file)),
      alone,
    ),
    group('faults', 'faults', faults.filter(needsStack), onStack),
    group(
      'long',
      'long, own services',
      long.filter((file) => !needsStack(file)),
      alone,
    ),
    group('long', 'long', long.filter(needsStack), onStack),
  ];
  return groups.filter((each) => parts.includes(each.part) && each.files.length > 0);
}

interface TestFile {
  /** Paths from the package's root. */
  readonly source: string;
  readonly built: string;
}

function needsStack({ source }: TestFile): boolean {
  return NEEDS_STACK.test(readFileSync(join(PACKAGE_ROOT, source), 'utf8'));
}

function group(
  part: Part,
  name: string,
  files: readonly TestFile[],
  how: Pick<Group, 'concurrency' | 'needsStack'>,
): Group {
  return { part, name, ...how, files: files.map(({ built }) => join(PACKAGE_ROOT, built)) };
}

function testFiles(folder: string): TestFile[] {
  if (!existsSync(join(DIST, folder))) return [];
  return readdirSync(join(DIST, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(folder, name))
    .map((path) => ({ source: path.replace(/\.js$/, '.ts'), built: join('dist', path) }))
    .filter(({ source }) => existsSync(join(PACKAGE_ROOT, source)))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}
