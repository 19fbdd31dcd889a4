import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { ONE_PARTITION } from '../helpers/case-domain.js';
import { freshLake } from '../helpers/fresh-lake.js';
import { brokers } from '../helpers/kafka-topics.js';
import { systemClock } from '../hq-sim/clock.js';
import { openHq, type Hq } from '../hq-sim/hq.js';

test('several domains of one HQ, announced by HQs of any age, have tables of their own; an unlisted one has none', async (t) => {
  const lake = await freshLake(t, {
    partitions: { ...ONE_PARTITION, 'case-sql': 3 },
    config: (domain) => stringify({ domains: { [domain]: KEPT, [second(domain)]: KEPT } }),
  });
  const databases = {
    mainUrl: lake.env['HQ_DATABASE_URL'] ?? '',
    shardUrls: (lake.env['HQ_SHARD_DATABASE_URLS'] ?? '').split(','),
    blobStore: lake.env['HQ_BLOB_STORE'] ?? '',
    clock: systemClock(),
  };
  const older = await openHq({
    ...databases,
    kafka: { brokers: brokers(), release: 'older', partitioner: 'key' },
  });
  const newer = await openHq({ ...databases, kafka: { brokers: brokers(), release: 'newer' } });

  await createChildren(lake.hq, lake.domain, 3);
  const [gone = ''] = await createChildren(older, second(lake.domain), 4);
  await createChildren(newer, lake.domain, 2);
  await createChildren(lake.hq, 'unlisted', 2);
  await lake.ingestAll(['case-sql']);
  await older.deleteCases(second(lake.domain), [gone]);
  await lake.ingestAll(['case-sql']);
  await Promise.all([older.close(), newer.close()]);

  const { ok, tables } = await lake.oracle({ showValues: true });
  assert.ok(ok, JSON.stringify(tables, null, 1));
  assert.deepEqual(
    tables.map(({ table, actualRows }) => [table, actualRows]),
    [
      // By path: `-` comes before `/`.
      [`${second(lake.domain)}/case-sql/child`, 3],
      [`${lake.domain}/case-sql/child`, 5],
    ],
  );
  const { rows: odd } = await lake.ledger.query('SELECT 1 FROM odd_message');
  assert.deepEqual(odd, [], 'no message is taken for damaged');
});

const KEPT = { cases: { child: {} } };

function second(domain: string): string {
  return `${domain}-b`;
}

async function createChildren(hq: Hq, domain: string, count: number): Promise<string[]> {
  const blocks = Array.from({ length: count }, (_, index) => ({
    caseId: randomUUID(),
    create: { type: 'child', name: `child ${index}`, ownerId: 'owner' },
    update: { weight: String(index) },
  }));
  await hq.submitCases(domain, blocks);
  return blocks.map((block) => block.caseId);
}
