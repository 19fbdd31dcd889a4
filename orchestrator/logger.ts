import winston from 'winston';

/**
 * Logs go to stderr so that stdout stays clean for results and `--json`. A fixed message plus fields
 * (`batchId topic partition fromOffset untilOffset table submissionId`); ids only, never record content.
 * The format follows the terminal: plain lines for people, one JSON object per line when piped.
 */
export type Logger = winston.Logger;

export function createLogger(level: string = process.env['LOG_LEVEL'] ?? 'info'): Logger {
  const forPeople = process.stderr.isTTY;
  return winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      forPeople ? winston.format.printf(plainLine) : winston.format.json(),
    ),
    // winston types its Console as an interface, so the rule cannot see that its constructor made it.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}

function plainLine(entry: winston.Logform.TransformableInfo): string {
  const { timestamp, level, message, ...fields } = entry;
  const facts = Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return `${String(timestamp)} ${level.toUpperCase().padEnd(5)} ${String(message)}${facts ? ' ' + facts : ''}`;
}
