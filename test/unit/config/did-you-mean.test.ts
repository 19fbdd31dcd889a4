import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean } from '../../../orchestrator/config/did-you-mean.js';

const TOPICS = ['form-sql', 'case-sql', 'location'];

test('the nearest candidate is meant: letters wrong, missing, added, swapped, or only the beginning', () => {
  for (const word of ['form_sql', 'formsql', 'forms-sql', 'from-sql', 'FORM-SQL', 'form'])
    assert.equal(didYouMean(word, TOPICS), 'form-sql', word);
  assert.equal(didYouMean('locations', TOPICS), 'location');
});

test('what is like nothing is no guess', () => {
  assert.equal(didYouMean('xyz', TOPICS), undefined);
  assert.equal(didYouMean('', TOPICS), undefined);
  assert.equal(didYouMean('form-sql', []), undefined);
});
