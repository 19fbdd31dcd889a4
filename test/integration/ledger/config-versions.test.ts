import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLakeConfig, parseStoredConfig, type LakeConfig } from '../../../orchestrator/config/lake.js';
import { ConfigVersions } from '../../../orchestrator/ledger/config-versions.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { openLedger } from './fresh-ledger.js';

const text = (more: string): string => `domains:
  d:
    tables:
      raw_child_case:
        transforms:
          - mask: {column: case_json__phone, with: hash}
          - hook: h.ts
${more}`;

test('a configuration is kept with its hooks and a mark of its key', async (t) => {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  const { database } = ledger;
  const process = (check: string | null): ConfigVersions =>
    new ConfigVersions(database, { parse: parseStoredConfig, hashKeyCheck: () => check });
  const config = (hook: string, more = ''): LakeConfig =>
    parseLakeConfig(text(more), 'lake.yaml', () => hook);
  const apply = (lake: LakeConfig, hashKeyCheck: string): Promise<bigint> =>
    database.transaction((tx) => activateConfig(tx, { ...lake, hashKeyCheck }));

  const first = await process('key 1').requireActive(config('one'));
  assert.equal(await process('key 1').requireActive(config('one')), first);
  assert.deepEqual([...(await process('key 1').read(first)).hooks], [['h.ts', 'one']]);

  await t.test('another hook, or another key, is another configuration', async () => {
    await assert.rejects(
      process('key 1').requireActive(config('two')),
      /lake\.yaml \(or a hook it names\) differs/,
    );
    await assert.rejects(process('key 2').requireActive(config('one')), /TRANSFORM_HASH_KEY is not the key/);
    assert.equal(await apply(config('one'), 'key 1'), first, 'the same again');
    const second = await apply(config('two'), 'key 1');
    assert.notEqual(second, first);
    assert.deepEqual([...(await process('key 1').read(first)).hooks], [['h.ts', 'one']]);
  });

  await t.test('a batch is staged under its own key or the active one, by nobody with another', async () => {
    const third = await apply(config('two'), 'key 2');
    await process('key 1').requireHashKey(first);
    await process('key 2').requireHashKey(first);
    await process('key 2').requireHashKey(third);
    await process(null).requireHashKey(third);
    await assert.rejects(process('key 1').requireHashKey(third), {
      code: 'HASH_KEY_DIFFERS',
      retryable: true,
    });
    await assert.rejects(process('key 3').requireHashKey(first), { code: 'HASH_KEY_DIFFERS' });
  });
});
