import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifier } from '../../../orchestrator/sql/identifier.js';
import { literal } from '../../../orchestrator/sql/literal.js';
import { fillTemplate } from '../../../orchestrator/sql/template.js';
import { sql } from '../../../orchestrator/sql/text.js';

/** How Spark reads a quoted identifier back. */
function readIdentifier(text: string): string {
  assert.match(text, /^`(?:[^`]|``)*`$/, 'one identifier and nothing behind it');
  return text.slice(1, -1).replaceAll('``', '`');
}

/** How Spark reads a string literal back (ParserUtils.unescapeSQLString). */
function readLiteral(text: string): string {
  assert.match(text, /^'(?:[^'\\]|\\.)*'$/s, 'one literal and nothing behind it');
  return text
    .slice(1, -1)
    .replace(/\\(u[0-9a-f]{4}|.)/gs, (_, escape: string) =>
      escape.length > 1 ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : escape,
    );
}

const HOSTILE = [
  ...[
    '',
    '`',
    '``',
    "'",
    "\\'",
    '\\',
    '\\\\',
    "'; DROP TABLE x; --",
    '`; DROP TABLE x; --',
    '"',
    '${x}',
    '{{x}}',
  ],
  ...[
    '\n;\n',
    '\r\n',
    '\t',
    '\0',
    '\u2028\u2029',
    '\u007f\u0085',
    '\\u0041',
    '\\n',
    '%_',
    '/* */',
    '😀',
    '\ud800',
  ],
];

test('a name is one identifier, whatever is in it', () => {
  for (const name of HOSTILE) assert.equal(readIdentifier(identifier(name)), name);
});

test('a value is one literal, whatever is in it', () => {
  for (const value of HOSTILE) assert.equal(readLiteral(literal(value)), value);
});

test('no literal holds a line end, which could end a statement of a script', () => {
  for (const value of HOSTILE) assert.doesNotMatch(literal(value), /[\n\r\u0085\u2028\u2029]/);
});

test('pieces of SQL stand as they are, also those that look like an escape', () => {
  assert.equal(sql`A ${identifier('x\\n')} = ${7n}`, 'A `x\\n` = 7');
});

test('a part that is missing, or that the template has no place for, is told by name', () => {
  const part = sql`x`;
  assert.throws(() => fillTemplate('register_table', { database: part, table: part }), {
    code: 'INTERNAL',
    message: /register_table\.sql: no part for \{\{location\}\}/,
  });
  const all = { database: part, table: part, location: part };
  assert.throws(() => fillTemplate('register_table', { ...all, colour: part }), {
    message: /has no \{\{colour\}\}/,
  });
});

test('what is put into a template is not looked through again', () => {
  const text = fillTemplate('register_table', {
    database: identifier('{{table}}'),
    table: identifier('$&'),
    location: literal('{{location}}'),
  });
  assert.match(text, /CREATE DATABASE IF NOT EXISTS `\{\{table\}\}`\n/);
  assert.match(text, /CREATE TABLE IF NOT EXISTS `\$&` USING delta LOCATION '\{\{location\}\}'/);
});
