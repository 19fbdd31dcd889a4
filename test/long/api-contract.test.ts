import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzApi } from '../contract/fuzz-api.js';
import { startTestApi } from '../helpers/api-under-test.js';
import { fillLedger } from '../helpers/filled-ledger.js';
import { openLedger } from '../integration/ledger/fresh-ledger.js';

for (const role of ['viewer', 'operator', 'admin'] as const) {
  test(`many cases of each route as ${role}: each answer is as the OpenAPI document says`, async () => {
    const ledger = await openLedger();
    try {
      await fillLedger(ledger.database);
      const api = await startTestApi(ledger);
      const seed = Math.floor(Math.random() * 1e9);
      const { isRight, report } = await fuzzApi({
        ...{ url: api.url, token: api.tokens[role], examples: 40, phases: ['coverage', 'fuzzing'], seed },
      }).finally(() => api.close());
      assert.ok(isRight, `seed ${seed}\n${report}`);
    } finally {
      await ledger.close();
    }
  });
}
