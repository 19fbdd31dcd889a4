import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestBuilder } from '../../../orchestrator/plan/manifest.js';
import { readChange } from '../../../orchestrator/plan/read-change.js';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const message = (offset: number, value: unknown, partition = 0): Parameters<ManifestBuilder['add']>[0] => ({
  partition,
  offset: BigInt(offset),
  value: value === null ? null : bytes(value),
});
const change = (id: string, more: object = {}): object => ({ document_id: id, domain: 'demo', ...more });

test('a delete without a subtype is kept, and other keys do not matter', () => {
  const read = readChange(bytes(change('a', { document_subtype: null, is_deletion: true, whatever: [1] })));
  assert.deepEqual(read, { change: { domain: 'demo', id: 'a', publishTimestamp: null, isDeletion: true } });
});

test('what names no record is odd and says why', () => {
  const odd: [unknown, RegExp][] = [
    ['not json', /not JSON/],
    ['[]', /no JSON object/],
    ['null', /no JSON object/],
    ['"text"', /no JSON object/],
    [{ domain: 'demo' }, /no document_id/],
    [change(''), /no document_id/],
    [{ document_id: 7, domain: 'demo' }, /no document_id/],
    [{ document_id: 'a' }, /no domain/],
    [change('a\0b'), /NUL/],
  ];
  for (const [value, reason] of odd) {
    const read = readChange(bytes(value));
    assert.ok('odd' in read, JSON.stringify(value));
    assert.match(read.odd, reason);
  }
  assert.deepEqual(readChange(null), { odd: 'the message has no value' });
  assert.ok('odd' in readChange(Uint8Array.of(0x22, 0xff, 0x22)));
});

test('odd messages are set aside with their offset and stop nothing', () => {
  const manifest = new ManifestBuilder(() => true);
  for (const each of [message(1, 'x', 3), message(2, change('a'), 3), message(4, null, 3)])
    manifest.add(each);
  assert.deepEqual(
    manifest.odd.map(({ partition, offset }) => [partition, offset]),
    [
      [3, '1'],
      [3, '4'],
    ],
  );
  assert.equal([...manifest.entries()].length, 1);
});

test('an id named often stands there once, with the newest offset', () => {
  const manifest = new ManifestBuilder(() => true);
  for (const offset of [1, 2, 9]) manifest.add(message(offset, change('a')));
  manifest.add(message(5, change('b')));
  assert.deepEqual(
    [...manifest.entries()],
    [
      { domain: 'demo', id: 'a', partition: 0, offset: '9' },
      { domain: 'demo', id: 'b', partition: 0, offset: '5' },
    ],
  );
});

test('an id that a message called deleted stays so, whatever else is said of it', () => {
  const manifest = new ManifestBuilder(() => true);
  manifest.add(message(1, change('a')));
  manifest.add(message(2, change('a', { is_deletion: true })));
  manifest.add(message(3, change('a', { is_deletion: false })));
  manifest.add(message(4, change('b', { is_deletion: 'true' })));
  assert.deepEqual(
    [...manifest.entries()],
    [
      { domain: 'demo', id: 'a', partition: 0, offset: '3', gone: true },
      { domain: 'demo', id: 'b', partition: 0, offset: '4' },
    ],
  );
});

test('domains that are not kept are dropped, also when they differ only by where the id begins', () => {
  const manifest = new ManifestBuilder((domain) => domain !== 'other');
  manifest.add(message(1, { document_id: 'a', domain: 'other' }));
  manifest.add(message(2, { document_id: 'bc', domain: 'a' }));
  manifest.add(message(3, { document_id: 'c', domain: 'ab' }));
  assert.deepEqual(
    [...manifest.entries()].map(({ domain, id }) => [domain, id]),
    [
      ['a', 'bc'],
      ['ab', 'c'],
    ],
  );
});

test('the newest publish timestamp is of kept messages only', () => {
  const manifest = new ManifestBuilder((domain) => domain === 'demo');
  const at = (offset: number, publish_timestamp: string, domain = 'demo'): void => {
    manifest.add(message(offset, { document_id: 'a', domain, publish_timestamp }));
  };
  at(1, '2024-01-02T00:00:00.000000Z');
  at(2, '2024-01-01T00:00:00.000000Z');
  at(3, '2025-01-01T00:00:00.000000Z', 'other');
  assert.equal(manifest.newestPublishTimestamp, '2024-01-02T00:00:00.000000Z');
});
