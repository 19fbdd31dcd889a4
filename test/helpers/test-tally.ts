import { relative } from 'node:path';
import { inspect } from 'node:util';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';

/** What node:test tells of a test that has ended. */
export interface TestEnd {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: {
    readonly duration_ms: number;
    readonly type?: string | undefined;
    readonly error?: unknown;
  };
}

/** Counts tests over all groups and says each as it ends. */
export class TestTally {
  passed = 0;
  failed = 0;
  readonly #say: (line: string) => void;
  readonly #failures: string[] = [];
  readonly #files = new Map<string, number>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  ended(end: TestEnd, isGood: boolean): void {
    const file = fileName(end);
    if (end.nesting === 0) this.#files.set(file, (this.#files.get(file) ?? 0) + end.details.duration_ms);
    const isSuite = end.details.type === 'suite';
    // A skipped test has proven nothing: it may not look like one that passed.
    const good = isGood && !isSkipped(end);
    this.#say(
      `${'  '.repeat(end.nesting)}${good ? '✔' : '✖'} ${end.name} (${seconds(end.details.duration_ms)})`,
    );
    if (isSuite && good) return;
    if (good) {
      this.passed += 1;
      return;
    }
    if (isSuite && isOnlyOfItsTests(end.details.error)) return;
    this.failed += 1;
    const why = isGood ? 'skipped: no test may be' : describe(causeOf(end.details.error));
    this.#failures.push(`✖ ${file}: ${end.name}\n${indent(why)}`);
    this.#say(indent(why));
  }

  /** A fault outside every test, such as a stack that does not come up. */
  broke(what: string): void {
    this.failed += 1;
    this.#failures.push(`✖ ${what}`);
    this.#say(`✖ ${what}`);
  }

  report(): void {
    this.#say('\nTime per file:');
    for (const [file, ms] of [...this.#files].sort(([, a], [, b]) => b - a))
      this.#say(`${seconds(ms).padStart(9)}  ${file}`);
    if (this.#failures.length > 0) this.#say(`\nFailed:\n${this.#failures.join('\n')}`);
  }
}

function isSkipped(end: TestEnd): boolean {
  return [end.skip, end.todo].some((mark) => mark !== undefined && mark !== false);
}

function isOnlyOfItsTests(error: unknown): boolean {
  return error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed';
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

/** The facts that a database's or Node's error carries say nothing here. */
function describe(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : inspect(error);
}

function fileName({ file, name }: TestEnd): string {
  return relative(PACKAGE_ROOT, file ?? name).replace(/^dist\//, '');
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
