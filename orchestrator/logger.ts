import type { Writable } from 'node:stream';
import winston from 'winston';

/**
 * Logs go to stderr so that stdout stays clean for results and `--json`. A fixed message plus fields
 * (`batchId topic partition fromOffset untilOffset table submissionId`); ids only, never record content.
 * One line per event, for people (`time LEVEL message key=value …`), on a terminal and in a pipe alike; `LOG_FORMAT=json`
 * makes it one JSON object per line, for services whose log is read by a machine.
 */
export type Logger = winston.Logger;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export const LOG_FORMATS = ['plain', 'json'] as const;

export interface LogOptions {
  readonly level?: (typeof LOG_LEVELS)[number];
  readonly format?: (typeof LOG_FORMATS)[number];
  /** Default stderr; a status line hands in a stream that keeps out of its way. */
  readonly stream?: Writable;
}

export function createLogger({ level = 'info', format = 'plain', stream }: LogOptions = {}): Logger {
  return winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      format === 'plain' ? winston.format.printf(plainLine) : winston.format.json(),
    ),
    // winston types its Stream as an interface, so the rule cannot see that its constructor made it.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: [new winston.transports.Stream({ stream: stream ?? process.stderr, eol: '\n' })],
  });
}

function plainLine(entry: winston.Logform.TransformableInfo): string {
  const { timestamp, level, message, ...fields } = entry;
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${wordOf(value)}`);
  return [String(timestamp), level.toUpperCase().padEnd(5), String(message), ...facts].join(' ');
}

/** As it is when it is one word; else quoted, so that a line stays a line and can be taken apart again. */
function wordOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text);
}
