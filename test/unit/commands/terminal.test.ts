import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { messagesLeft, progressText } from '../../../orchestrator/commands/ingestion-progress.js';
import { paint } from '../../../orchestrator/commands/terminal/paint.js';
import { clockTime, StatusLine } from '../../../orchestrator/commands/terminal/status-line.js';
import { readTerminalEnvironment } from '../../../orchestrator/config/terminal-environment.js';
import { createLogger } from '../../../orchestrator/logger.js';

/** What would stand on a terminal (or in a pipe) of 40 columns. */
function screen(isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY, columns: 40 }) as unknown as NodeJS.WriteStream,
    written: () => text,
  };
}

test('on a terminal log lines stand above the one status line, which is cut to the width and taken away', () => {
  const { stream, written } = screen(true);
  const line = new StatusLine(stream, readTerminalEnvironment({ TERM: 'xterm' }));
  line.show(`working ${'.'.repeat(60)}`);
  line.log.write('first\n');
  line.clear();
  const shown = `working ${'.'.repeat(31)}`;
  assert.equal(written(), `\r\u001B[2K${shown}\r\u001B[2Kfirst\n${shown}\r\u001B[2K`);
});

test('in a pipe and on a dumb terminal there is no status line and no control character', () => {
  for (const [isTTY, term] of [
    [false, 'xterm'],
    [true, 'dumb'],
  ] as const) {
    const { stream, written } = screen(isTTY);
    const line = new StatusLine(stream, readTerminalEnvironment({ TERM: term }));
    line.show('working');
    line.log.write('first\n');
    line.clear();
    assert.deepEqual([line.isVisible, written()], [false, 'first\n']);
  }
});

test('colour is for terminals that want it', () => {
  const terminal = { isTTY: true };
  assert.equal(paint('red', 'x', terminal, readTerminalEnvironment({})), '\u001B[31mx\u001B[39m');
  assert.equal(paint('red', 'x', terminal, readTerminalEnvironment({ NO_COLOR: '1' })), 'x');
  assert.equal(paint('red', 'x', terminal, readTerminalEnvironment({ TERM: 'dumb' })), 'x');
  assert.equal(paint('red', 'x', { isTTY: false }, readTerminalEnvironment({})), 'x');
});

test('a log event is one line for people, or one JSON object', async () => {
  for (const [format, form] of [
    ['plain', /^\S+Z WARN {2}batch waits topic=form-sql ids=3 reason="two\\nlines \\"quoted\\""\n$/],
    ['json', /^\{.*"message":"batch waits".*\}\n$/],
  ] as const) {
    const { stream, written } = screen(false);
    const logger = createLogger({ format, level: 'warn', stream: new StatusLine(stream).log });
    logger.info('not told');
    logger.warn('batch waits', { topic: 'form-sql', ids: 3, reason: 'two\nlines "quoted"' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(written(), form);
  }
});

test('progress tells batches by stage and the messages that are left', () => {
  const work = {
    planned: 1,
    staged: 0,
    merging: 2,
    halted: 0,
    committed: 1234,
    messages: 9,
    rows: 5,
    quarantined: 0,
    oddMessages: 0,
  };
  assert.equal(
    progressText(work, 1_000_000n),
    'batches 1 planned, 2 merging, 1,234 committed · 1,000,000 messages left · 5 rows merged',
  );
  const marks = new Map([
    [0, { low: 5n, high: 10n }],
    [1, { low: 0n, high: 4n }],
    [2, { low: 0n, high: 2n }],
  ]);
  assert.equal(
    messagesLeft(
      new Map([
        [1, 3n],
        [2, 9n],
      ]),
      marks,
    ),
    6n,
  );
  assert.deepEqual([clockTime(0), clockTime(75_400), clockTime(3_725_000)], ['0:00', '1:15', '1:02:05']);
});
