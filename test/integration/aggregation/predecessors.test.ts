import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { aggregate } from '../../../orchestrator/aggregation/aggregate.js';
import type { AggregationContext } from '../../../orchestrator/aggregation/context.js';
import { Models } from '../../../orchestrator/aggregation/models/load-models.js';
import { pinSources } from '../../../orchestrator/aggregation/pin-sources.js';
import { readRequest } from '../../../orchestrator/aggregation/read-request.js';
import { runAggregation } from '../../../orchestrator/aggregation/run-aggregation.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';
import { failedMonths } from '../../../orchestrator/ledger/aggregation-months.js';
import {
  aggregationLease,
  liveAggregationRuns,
  newestRun,
  openAggregationRun,
  runPublished,
  runWritten,
  type AggregationRun,
  type AggregationTarget,
} from '../../../orchestrator/ledger/aggregation-runs.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { withLeases } from '../../../orchestrator/ledger/leases.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { FileStorage } from '../../../orchestrator/storage/file-storage.js';
import { until } from '../../helpers/until.js';
import { model } from '../../unit/aggregation/programme-models.js';
import { openLedger, table, type FreshLedger } from '../ledger/fresh-ledger.js';

const MONTH = '2026-01-01';
const NEVER = new AbortController().signal;
const BASE = model('base', {});
const SUMS = model('sums', {}, { base: 'same' });
const PLACES = model('places', { raw_x_case: 'all' }, {}, false);

/** All of it ends before Spark or the warehouse would be asked. */
describe('what an aggregation needs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'predecessors-'));
  let ledger: FreshLedger;
  let context: AggregationContext;
  before(async () => {
    ledger = await openLedger();
    const config = parseLakeConfig("domains: {demo: {cases: {'*': {}}}, dead: {cases: {'*': {}}}}");
    const storage = new FileStorage(pathToFileURL(folder).href);
    const { database } = ledger;
    const active = { ...config, hashKeyCheck: null };
    context = {
      ...{ database, lake: storage, aggregates: storage, checkpoint: storage, config },
      models: new Models([BASE, SUMS, PLACES]),
      configVersionId: await database.transaction((tx) => activateConfig(tx, active)),
      configOf: () => Promise.resolve(config),
      ...{ owner: 'this', appId: 'dl/test', logger: createLogger({ level: 'error' }) },
      environment: { AGGREGATION_PARALLELISM: 1 },
    } as unknown as AggregationContext;
  });
  after(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A run of the month that has written the lake, and is not published. */
  const written = async (
    target: AggregationTarget,
    version: bigint,
    sources: Record<string, bigint> = {},
  ): Promise<AggregationRun> => {
    const run = await openAggregationRun(ledger.database, {
      ...target,
      configVersionId: context.configVersionId,
      modelSha256: context.models.byTable(target.model).sha256,
      sources: new Map(Object.entries(sources)),
    });
    await runWritten(ledger.database, run.id, version, 1n);
    return run;
  };

  test('is waited for as long as another process is at it', async () => {
    const { database } = ledger;
    const base = { domain: 'demo', model: 'base', month: MONTH };
    const sums = { ...base, model: 'sums' };
    const needed = await written(base, 5n);
    const known = await written(sums, 6n, { base: 5n });
    await runPublished(database, known.id);
    const begun = await withLeases(database, [aggregationLease(base)], 'another', async () => {
      assert.deepEqual(await liveAggregationRuns(database), new Set([needed.id]));
      await assert.rejects(pinSources(context, SUMS, sums), { code: 'PREDECESSOR_RUNNING', retryable: true });
      const computed = runAggregation(context, sums, NEVER);
      const asked = until('it has looked twice', async () => {
        const [lease] = await database.query<{ token: bigint }>('SELECT token FROM lease WHERE name = $1', [
          aggregationLease(sums),
        ]);
        return lease !== undefined && lease.token >= 2n;
      });
      await Promise.race([computed, asked]);
      await runPublished(database, needed.id);
      return { computed };
    });
    assert.equal((await begun?.computed)?.id, known.id, 'nothing has changed for it');
    assert.equal((await newestRun(database, sums))?.id, known.id);
  });

  test('is not read while a process is at it, although the ledger knows of no commit yet', async () => {
    const { database } = ledger;
    const base = { domain: 'begun', model: 'base', month: MONTH };
    const published = await written(base, 5n);
    await runPublished(database, published.id);
    const { configVersionId } = context;
    await openAggregationRun(database, { ...base, configVersionId, modelSha256: 'x', sources: new Map() });
    const sums = { ...base, model: 'sums' };
    await withLeases(database, [aggregationLease(base)], 'another', async () => {
      await assert.rejects(pinSources(context, SUMS, sums), { code: 'PREDECESSOR_RUNNING' });
    });
    // Left by a process that died before it committed: what is published stands.
    assert.deepEqual((await pinSources(context, SUMS, sums)).versions, new Map([['base', null]]));
  });

  test('is not there when its process has died', async () => {
    const base = { domain: 'dead', model: 'base', month: MONTH };
    await written(base, 5n);
    assert.deepEqual(await liveAggregationRuns(ledger.database), new Set());
    const refused = runAggregation(context, { ...base, model: 'sums' }, NEVER);
    await assert.rejects(refused, { code: 'PREDECESSOR_UNPUBLISHED', retryable: false });
  });

  test('and does not find is noted, although no run was opened', async () => {
    const { database } = ledger;
    const id = await table(database, 'demo', 'x');
    // The ledger knows the table, and its files are gone.
    await database.query("UPDATE lake_table SET registered_url = 'file:///gone' WHERE id = $1", [id]);
    const request = readRequest(
      { table: 'places', domain: 'demo', month: MONTH },
      context.models.all,
      context.config,
    );
    const { results } = await aggregate(context, request, { force: false, signal: NEVER });
    assert.deepEqual(
      results.map(({ outcome, code }) => [outcome, code]),
      [['failed', 'SOURCE_MISSING']],
    );
    assert.deepEqual(
      (await failedMonths(database, 'demo')).map((each) => [each.table, each.month, each.code]),
      [['places', null, 'SOURCE_MISSING']],
    );
    assert.equal(await newestRun(database, { domain: 'demo', model: 'places', month: null }), undefined);
  });
});
