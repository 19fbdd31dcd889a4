import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { requireJava, requireMaven, requirePip } from '../../../deploy/stack/tools.js';

/** Puts programs of our own first on PATH, and nothing else, for one test. */
function onlyOnPath(t: TestContext, programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tools-'));
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  t.after(() => {
    process.env['PATH'] = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test('a machine without Java, Maven or Python is told which is missing', async (t) => {
  onlyOnPath(t, {});
  await assert.rejects(requireJava('java'), { code: 'TOOL_MISSING', message: 'Java was not found (java)' });
  await assert.rejects(requireMaven(), {
    code: 'TOOL_MISSING',
    message: 'Maven (mvn) was not found on PATH',
  });
  await assert.rejects(requirePip(), { code: 'TOOL_MISSING', message: /Python 3 .* not found/ });
});

test('a Java that is too old, or a runtime without a compiler, is refused', async (t) => {
  const folder = onlyOnPath(t, {
    java11: `echo 'openjdk version "11.0.2" 2019' >&2`,
    java8: `echo 'java version "1.8.0_292"' >&2`,
    jre: `[ "$1" = -version ] && echo 'openjdk version "17.0.1" 2021' >&2; echo java.base@17`,
  });
  await assert.rejects(requireJava(join(folder, 'java11')), {
    code: 'TOOL_MISSING',
    message: /too old.*11\.0\.2/,
  });
  await assert.rejects(requireJava(join(folder, 'java8')), { code: 'TOOL_MISSING', message: /too old/ });
  await assert.rejects(requireJava(join(folder, 'jre')), {
    code: 'TOOL_MISSING',
    message: /without a compiler/,
  });
});

test('a Python without pip, or too old, is refused', async (t) => {
  onlyOnPath(t, { python3: `[ "$1" = -m ] && exit 1; echo 3 11` });
  await assert.rejects(requirePip(), { code: 'TOOL_MISSING', message: /pip is missing/ });
  onlyOnPath(t, { python3: 'echo 3 8' });
  await assert.rejects(requirePip(), { code: 'TOOL_MISSING', message: 'Python 3.8 is too old' });
});
