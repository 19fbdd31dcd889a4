import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../../orchestrator/package-root.js';

/** The story alone holds far more than the heap it is told in: 30,000 forms of 2.7 KB, against 48 MB. */
const FORMS = 30_000;
const HEAP_MB = 48;

const PROGRAM = `
  const [{ planProgramme }, { tellStory }] = await Promise.all(process.argv.slice(1).map((url) => import(url)));
  let forms = 0;
  let bytes = 0;
  for (const event of tellStory(planProgramme({ forms: ${FORMS}, months: 6 }))) {
    if (event.kind !== 'form') continue;
    forms += 1;
    bytes += Buffer.byteLength(event.xml);
  }
  console.log(JSON.stringify({ forms, bytes }));`;

test('a long story is told without being held: it fits a heap smaller than itself', async () => {
  const modules = ['options', 'story'].map(
    (name) => pathToFileURL(join(PACKAGE_ROOT, 'dist', 'test', 'hq-sim', 'programme', `${name}.js`)).href,
  );
  // The process ends with a fatal error when the heap does not suffice.
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP_MB}`,
    '--input-type=module',
    '-e',
    PROGRAM,
    ...modules,
  ]);
  const told = JSON.parse(stdout) as { forms: number; bytes: number };
  assert.ok(told.forms >= FORMS * 0.99);
  assert.ok(told.bytes > HEAP_MB * 1024 * 1024 * 1.5, `${told.bytes} bytes told`);
});
