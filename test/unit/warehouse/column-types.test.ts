import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresType, widerType } from '../../../orchestrator/warehouse/column-types.js';

test('every type of a model has one of Postgres', () => {
  const types = [
    'string',
    'long',
    'integer',
    'double',
    'date',
    'timestamp',
    'boolean',
    'decimal(12,3)',
  ] as const;
  assert.deepEqual(types.map(postgresType), [
    'text',
    'bigint',
    'integer',
    'double precision',
    'date',
    'timestamp with time zone',
    'boolean',
    'numeric(12,3)',
  ]);
});

test('a column becomes the type that holds both exactly, or keeps its own', () => {
  const cases: readonly [present: string, wanted: string, expected: string | undefined][] = [
    ['integer', 'bigint', 'bigint'],
    ['bigint', 'integer', 'bigint'],
    ['integer', 'double precision', 'double precision'],
    ['double precision', 'integer', 'double precision'],
    ['integer', 'numeric(5,2)', 'numeric(12,2)'],
    ['bigint', 'numeric(38,0)', 'numeric(38,0)'],
    ['numeric(10,2)', 'numeric(8,4)', 'numeric(12,4)'],
    ['numeric(10,2)', 'numeric(8,2)', 'numeric(10,2)'],
    ['numeric(10,2)', 'bigint', 'numeric(21,2)'],
    ['date', 'timestamp with time zone', 'timestamp with time zone'],
    ['boolean', 'text', 'text'],
    // What follows would change values, or only seem to be done.
    ['bigint', 'double precision', undefined],
    ['double precision', 'bigint', undefined],
    ['double precision', 'numeric(10,2)', undefined],
    ['timestamp with time zone', 'date', undefined],
    ['timestamp with time zone', 'text', undefined],
    ['text', 'integer', undefined],
    ['boolean', 'integer', undefined],
  ];
  for (const [present, wanted, expected] of cases)
    assert.equal(widerType(present, wanted), expected, `${present} to ${wanted}`);
});
