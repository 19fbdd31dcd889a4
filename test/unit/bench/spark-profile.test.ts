import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { jobsOf, profileOf } from '../../bench/merge/spark-profile.js';

const BEGAN = Date.UTC(2026, 0, 2, 3, 4, 5);
const AT = new Date(BEGAN).toISOString();

function eventLog(t: TestContext, events: readonly object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'dimagi-lake-profile-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'app-1'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
  return folder;
}

function job(id: number, from: number, until: number): object[] {
  return [
    { Event: 'SparkListenerJobStart', 'Job ID': id, 'Submission Time': BEGAN + from },
    { Event: 'SparkListenerJobEnd', 'Job ID': id, 'Completion Time': BEGAN + until },
  ];
}

test('a statement’s seconds are divided by its jobs, which may overlap, and add up to it', (t) => {
  const folder = eventLog(t, [
    { Event: 'SparkListenerLogStart', 'Spark Version': '4.2.0' },
    ...job(0, -500, -100),
    ...job(1, 1_000, 2_000),
    ...job(2, 1_500, 2_500),
    ...job(3, 3_000, 3_250),
    ...job(4, 9_000, 9_500),
  ]);
  const profile = profileOf({ startedAt: AT, seconds: 4, row: null, error: null }, jobsOf(folder));
  assert.deepEqual(profile, {
    beforeJobs: 1,
    inJobs: 1.75,
    betweenJobs: 0.5,
    afterJobs: 0.75,
    jobs: 3,
  });
});

test('a statement without a job is all before the first one', (t) => {
  const folder = eventLog(t, job(0, 9_000, 9_500));
  const profile = profileOf({ startedAt: AT, seconds: 2, row: null, error: null }, jobsOf(folder));
  assert.deepEqual(profile, { beforeJobs: 2, inJobs: 0, betweenJobs: 0, afterJobs: 0, jobs: 0 });
});
