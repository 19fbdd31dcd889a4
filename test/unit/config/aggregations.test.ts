import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { LakeError } from '../../../orchestrator/errors.js';

const yaml = (aggregations: string): string =>
  `domains:\n  demo:\n    cases: {'*': {}}\n    aggregations: ${aggregations}\n`;

function faults(aggregations: string): string[] {
  try {
    parseLakeConfig(yaml(aggregations));
  } catch (thrown) {
    assert.ok(thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID');
    return thrown.facts['faults'] as string[];
  }
  return assert.fail(`${aggregations} was taken`);
}

test('a domain that says nothing has no schedule, and closes months after three', () => {
  const { domains } = parseLakeConfig("domains:\n  demo:\n    cases: {'*': {}}\n");
  assert.deepEqual(domains['demo']?.aggregations, { close_after: 3 });
});

test('schedule, closing and first month are read; a month may be written short', () => {
  const text =
    '{schedule: {day: 2, hour: 3, time_zone: Asia/Kolkata, tables: [location]}, close_after: 0, first_month: 2024-01}';
  assert.deepEqual(parseLakeConfig(yaml(text)).domains['demo']?.aggregations, {
    schedule: { day: 2, hour: 3, time_zone: 'Asia/Kolkata', tables: ['location'] },
    close_after: 0,
    first_month: '2024-01-01',
  });
  const long = parseLakeConfig(yaml('{first_month: 2024-01-01}'));
  assert.equal(long.domains['demo']?.aggregations.first_month, '2024-01-01');
});

test('what is no schedule is refused, with its place and what was meant', () => {
  const place = 'domains > demo > aggregations';
  const cases: readonly [string, string][] = [
    [
      '{schedule: {day: 29, hour: 3}}',
      `lake.yaml:4:36: ${place} > schedule > day: must be a day from 1 to 28`,
    ],
    [
      '{schedule: {day: 1, hour: 24}}',
      `lake.yaml:4:45: ${place} > schedule > hour: must be an hour from 0 to 23`,
    ],
    [
      '{schedule: {day: 1, hour: 2, time_zone: Asia/Calcuta}}',
      `lake.yaml:4:59: ${place} > schedule > time_zone: must be an IANA time zone such as Asia/Kolkata`,
    ],
    [
      '{schedule: {day: 1, hour: 2, tables: []}}',
      `lake.yaml:4:56: ${place} > schedule > tables: must name a table, or be left out for all`,
    ],
    [
      '{schedul: {day: 1, hour: 2}}',
      `lake.yaml:4:20: ${place}: unknown key "schedul" (did you mean "schedule"?); known are schedule, close_after, first_month`,
    ],
    [
      '{schedule: {dai: 1, day: 1, hour: 2}}',
      `lake.yaml:4:31: ${place} > schedule: unknown key "dai" (did you mean "day"?); known are day, hour, time_zone, tables`,
    ],
    ['{first_month: 2024-13}', `lake.yaml:4:33: ${place} > first_month: must be a month such as 2024-01`],
    ['{close_after: 1.5}', `lake.yaml:4:33: ${place} > close_after: must be a number of months`],
  ];
  for (const [text, fault] of cases) assert.deepEqual(faults(text), [fault]);
});

test('the schedule is part of the configuration version', () => {
  const one = parseLakeConfig(yaml('{schedule: {day: 1, hour: 2}}'));
  const other = parseLakeConfig(yaml('{schedule: {day: 1, hour: 3}}'));
  assert.notEqual(one.sha256, other.sha256);
});
