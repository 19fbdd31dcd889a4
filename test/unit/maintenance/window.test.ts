import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOpen, windowOf } from '../../../orchestrator/maintenance/window.js';

function at(time: string): Date {
  return new Date(`2026-06-15T${time}:00Z`);
}

test('a window begins at its first minute and is over at its last', () => {
  const night = windowOf('01:00-05:00', 'UTC');
  assert.deepEqual(
    ['00:59', '01:00', '04:59', '05:00'].map((time) => isOpen(night, at(time))),
    [false, true, true, false],
  );
});

test('a window may go over midnight', () => {
  const night = windowOf('22:30-04:00', 'UTC');
  assert.deepEqual(
    ['22:29', '22:30', '00:00', '03:59', '04:00'].map((time) => isOpen(night, at(time))),
    [false, true, true, true, false],
  );
});

test('its hours are those of its time zone', () => {
  const india = windowOf('01:00-05:00', 'Asia/Kolkata');
  assert.deepEqual(
    ['19:29', '19:30', '23:29', '23:30'].map((time) => isOpen(india, at(time))),
    [false, true, true, false],
  );
});

test('"always" is open at any time', () => {
  assert.ok(isOpen(windowOf('always', 'UTC'), at('12:00')));
});
