import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { readTerminalEnvironment } from '../../config/terminal-environment.js';

/** How often what is shown may change: often enough to see life, seldom enough to read. */
const LEAST_MS = 200;
const ERASE_LINE = '\r\u001B[2K';

/**
 * One line at the foot of a terminal that says how far long work is. Lines written through `log` appear above it. When
 * stderr is no terminal (a pipe, a service, TERM=dumb) there is none, and log lines pass through as they are.
 */
export class StatusLine {
  /** For the logger. */
  readonly log: Writable;
  readonly #terminal: WriteStream | undefined;
  #shown = '';
  #changedAt = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr, environment = readTerminalEnvironment()) {
    this.#terminal = stream.isTTY && environment.cursor ? stream : undefined;
    this.log = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        stream.write(this.#shown === '' ? text : `${ERASE_LINE}${text}${this.#shown}`);
        done();
      },
    });
  }

  /** Whether anybody sees it: what is only for the line need not be asked for else. */
  get isVisible(): boolean {
    return this.#terminal !== undefined;
  }

  /** Replaces what is shown; cut to the width of the terminal, as a wrapped line can't be taken back. */
  show(text: string): void {
    if (this.#terminal === undefined || Date.now() - this.#changedAt < LEAST_MS) return;
    const cut = text.slice(0, Math.max(10, this.#terminal.columns - 1));
    this.#changedAt = Date.now();
    if (cut === this.#shown) return;
    this.#shown = cut;
    this.#terminal.write(`${ERASE_LINE}${cut}`);
  }

  /** Takes the line away, before a result is printed. */
  clear(): void {
    if (this.#shown !== '') this.#terminal?.write(ERASE_LINE);
    this.#shown = '';
    this.#changedAt = 0;
  }
}

/** 75 s → `1:15`. */
export function clockTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (part: number): string => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
