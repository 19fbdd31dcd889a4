import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEASUREMENTS } from '../../bench/all.js';
import { largeForm } from '../../bench/large-form.js';
import { reportText, type Report } from '../../bench/report.js';
import { median, quantile, readable } from '../../bench/statistics.js';

const VERSIONS = { spark: '4', delta: '4', kafka: '4' };

test('medians and quantiles are values of the list, or the mean of the middle two', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2);
  assert.equal(quantile([7], 0.95), 7);
  assert.throws(() => median([]), RangeError);
});

test('numbers are short, and whole from a hundred on', () => {
  assert.deepEqual([0.12345, 12.345, 123.45, 12_345.6].map(readable), ['0.123', '12.3', '123', '12,346']);
});

test('a report says which targets are reached, and what failed', () => {
  const machine = {
    cpu: 'c',
    cores: 2,
    memoryGb: 8,
    system: 's',
    node: '20',
    java: 'j',
    loadBefore: 0,
    ...VERSIONS,
  };
  const report: Report = {
    machine,
    size: 'quick',
    sections: [
      {
        name: 'one',
        title: 'One',
        seconds: 1,
        figures: [
          { what: 'fast', value: 3, unit: 'x/s', target: { atLeast: 2 } },
          { what: 'large', value: 3, unit: 'MB', target: { atMost: 2 } },
        ],
      },
      { name: 'two', title: 'Two', seconds: 1, figures: [], failure: 'no stack' },
    ],
  };
  const text = reportText(report);
  assert.match(text, /\| fast \| 3 x\/s \| >= 2: reached \|/);
  assert.match(text, /\| large \| 3 MB \| <= 2: \*\*missed\*\* \|/);
  assert.match(text, /## two: Two\n\nFailed after 1 s: no stack/);
});

test('measurements are chosen by names of their own', () => {
  const names = MEASUREMENTS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('the forms of the bench are of the size that the targets name', () => {
  for (let number = 0; number < 20; number++) {
    const bytes = Buffer.byteLength(
      largeForm({ id: 'x'.repeat(36), type: number % 10, userId: 'u'.repeat(36), number }),
    );
    assert.ok(bytes > 10_500 && bytes < 11_800, `${bytes} bytes`);
  }
});
