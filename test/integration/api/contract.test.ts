import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzApi } from '../../contract/fuzz-api.js';
import { startTestApi } from '../../helpers/api-under-test.js';
import { fillLedger } from '../../helpers/filled-ledger.js';
import { openLedger } from '../ledger/fresh-ledger.js';

/** A few cases of each route; test/long/api-contract.test.ts has many. */
test('whatever the OpenAPI document allows is answered as it says, without a fault', async () => {
  const ledger = await openLedger();
  try {
    await fillLedger(ledger.database);
    const api = await startTestApi(ledger);
    const seed = Math.floor(Math.random() * 1e9);
    const { isRight, report } = await fuzzApi({
      ...{ url: api.url, token: api.tokens.admin, examples: 2, phases: ['fuzzing'], seed },
    }).finally(() => api.close());
    assert.ok(isRight, `seed ${seed}\n${report}`);
    assert.match(report, /4\d passed/);
  } finally {
    await ledger.close();
  }
});
