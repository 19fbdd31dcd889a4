import assert from 'node:assert/strict';

/**
 * A variable of the stack that the tests run on.
 * @throws AssertionError with the way to get one
 */
export function stackVariable(name: string): string {
  const value = process.env[name];
  assert.ok(
    value !== undefined && value !== '',
    `${name} is not set: run \`npm test\`, or \`dimagi-lake stack up --dir D\`, source D/env.sh and set TEST_STACK_DIR=D`,
  );
  return value;
}
