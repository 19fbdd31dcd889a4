/** One number of a report. */
export interface Figure {
  /** What was measured, as a row of the report. */
  readonly what: string;
  readonly value: number;
  /** `forms/s`, `MB`, `s`, … */
  readonly unit: string;
  /** What the figure has to reach; left out where there is no target. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
  /** How it was found, or what it consists of: `median of 4: 2100, 2210, …`. */
  readonly how?: string;
}

/** smoke: does it run at all; quick: a few minutes; full: the sizes of the targets. */
export type Size = 'smoke' | 'quick' | 'full';

/** What a measurement gets from the harness. */
export interface Bench {
  readonly size: Size;
  /** Registers what has to be undone when the measurement has ended, however it ended. Last in, first out. */
  after(undo: () => void | Promise<void>): void;
  progress(text: string): void;
}

/** One file of test/bench measures one thing; `all.ts` lists them. */
export interface Measurement {
  /** What it is chosen by: `npm run bench -- stage`. */
  readonly name: string;
  readonly title: string;
  /** Without it the measurement is a computation of its own. */
  readonly needsStack: boolean;
  measure(bench: Bench): Promise<readonly Figure[]>;
}
