import { clockTime, StatusLine } from './terminal/status-line.js';

const TICK_MS = 1_000;

/**
 * Steps of long work that tells lines: on a terminal one line that is replaced, with the time that has passed (a first
 * start takes minutes); elsewhere each step is a line. Warnings stay in both.
 */
export class StackProgress {
  readonly #what: string;
  readonly #line = new StatusLine();
  readonly #began = Date.now();
  readonly #timer: NodeJS.Timeout;
  #step = '';

  constructor(what: string) {
    this.#what = what;
    this.#timer = setInterval(() => {
      this.#show();
    }, TICK_MS);
    this.#timer.unref();
  }

  step(line: string): void {
    if (!this.#line.isVisible || line.startsWith('Warning')) this.#line.log.write(`${line}\n`);
    else this.#step = line;
    this.#show();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }

  #show(): void {
    if (this.#step !== '')
      this.#line.show(`${this.#what}: ${this.#step} · ${clockTime(Date.now() - this.#began)}`);
  }
}
