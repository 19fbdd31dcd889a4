import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLakeError, ERROR_CODES, EXIT, LakeError, type ErrorCode } from '../../../orchestrator/errors.js';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

test('every code has a class, an exit code of the documented ones and a mend that is a sentence', () => {
  const exitCodes = new Set<number>(Object.values(EXIT));
  for (const code of CODES) {
    const { failureClass, exitCode, mend } = ERROR_CODES[code];
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.match(failureClass, /^(transient|data|capacity|config|bug)$/, code);
    assert.ok(exitCodes.has(exitCode) && exitCode !== EXIT.ok, code);
    assert.match(mend, /^[A-Z].{15,}[.?]$/, code);
  }
});

test('an error carries what its code says, and only what passes by itself is retried', () => {
  for (const code of CODES) {
    const error = new LakeError(code, 'what failed', { facts: { id: 1 }, cause: 'why' });
    const { failureClass, exitCode, mend } = ERROR_CODES[code];
    assert.deepEqual(
      [error.name, error.code, error.facts, error.mend, error.failureClass, error.exitCode, error.cause],
      ['LakeError', code, { id: 1 }, mend, failureClass, exitCode, 'why'],
    );
    assert.equal(error.retryable, failureClass === 'transient' || failureClass === 'capacity', code);
  }
  assert.equal(new LakeError('USAGE', 'x', { mend: 'Another mend.' }).mend, 'Another mend.');
});

test('anything thrown becomes an error of ours, one of ours stays as it is', () => {
  const own = new LakeError('USAGE', 'x');
  assert.equal(asLakeError(own), own);
  const cause = new TypeError('not a function');
  const wrapped = asLakeError(cause);
  assert.deepEqual([wrapped.code, wrapped.message, wrapped.cause], ['INTERNAL', 'not a function', cause]);
  assert.equal(asLakeError('text').message, 'text');
});
