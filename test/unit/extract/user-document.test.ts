import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesIn } from '../../../orchestrator/extract/users/user-document.js';

const WORKER = { base_doc: 'CouchUser', doc_type: 'CommCareUser', domain: 'a', username: 'u@a' };
const WEB_USER = { base_doc: 'CouchUser', doc_type: 'WebUser', username: 'u@example.org' };

test('a mobile worker’s place is her location_id in her own domain', () => {
  const membership = { domain: 'a', location_id: 'old', assigned_location_ids: ['old'] };
  assert.deepEqual(placesIn({ ...WORKER, location_id: 'l1', domain_membership: membership }), [['a', 'l1']]);
  assert.deepEqual(placesIn({ ...WORKER, location_id: null, domain_membership: membership }), [['a', 'old']]);
  assert.deepEqual(placesIn({ ...WORKER, location_id: 'l1', is_active: false }), [['a', 'l1']]);
});

test('a web user has a place in each domain that gives her one', () => {
  const domain_memberships = [
    { domain: 'a', location_id: 'l1' },
    { domain: 'b', location_id: null, assigned_location_ids: ['l2'] },
    { domain: 'c', location_id: 'l3' },
    { domain: 'c', location_id: 'l4' },
  ];
  assert.deepEqual(placesIn({ ...WEB_USER, domain_memberships }), [
    ['a', 'l1'],
    ['c', 'l3'],
  ]);
});

test('who is deleted, nowhere or no user at all has no place', () => {
  const assigned = { ...WORKER, location_id: 'l1' };
  assert.deepEqual(placesIn({ ...assigned, base_doc: 'CouchUser-Deleted' }), []);
  assert.deepEqual(placesIn({ domain: 'a', location_id: 'l1' }), []);
  assert.deepEqual(placesIn({ ...WORKER, location_id: '' }), []);
  assert.deepEqual(placesIn(WORKER), []);
  assert.deepEqual(placesIn(null), []);
});

test('documents of odd shapes tell no place instead of failing', () => {
  const odd = [null, 'a', 7, [], { domain: 7, location_id: 'l' }, { domain: 'a', location_id: ['l'] }];
  for (const membership of odd) {
    assert.deepEqual(placesIn({ ...WORKER, domain_membership: membership }), []);
    assert.deepEqual(placesIn({ ...WEB_USER, domain_memberships: [membership] }), []);
  }
  assert.deepEqual(placesIn({ ...WEB_USER, domain_memberships: { domain: 'a', location_id: 'l' } }), []);
});
