import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

const run = promisify(execFile);

test("the oracle's rules give HQ's own JSON, paths, names, months and shapes (needs only python3)", async () => {
  const { stderr } = await run('python3', ['-B', '-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
    cwd: join(PACKAGE_ROOT, 'test', 'oracle'),
  });
  assert.match(stderr, /Ran \d\d+ tests[^]*OK\s*$/);
  assert.doesNotMatch(stderr, /skipped/);
});
