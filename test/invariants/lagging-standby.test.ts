import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import type { Topic } from '../../orchestrator/types.js';
import { createCases, ONE_PARTITION, updateCases } from '../helpers/case-domain.js';
import { requireExactlyOnce } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, VISIT } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import type { Orchestrator } from '../helpers/orchestrator.js';
import { PostgresServer, type PostgresStandby } from '../helpers/postgres-server.js';
import { until } from '../helpers/until.js';

/**
 * HQ's main database and its second shard are read from a real streaming standby, the first shard from the primary.
 * Tried with the guard taken out (`showsAllChanges` always true): nothing waits, every batch commits what the standby
 * shows. The edited form and case kept their old values, the deleted ones stayed, and each of the records created since
 * that stands in the second shard was taken for gone; HQ does not announce them again, so the lake stayed wrong after
 * the standby had caught up.
 */
const TOPICS: readonly Topic[] = ['location', 'case-sql', 'form-sql'];
/** The shard that is read from the standby. */
const LAGGING = 1;

let primary: PostgresServer;
let standby: PostgresStandby;
before(async () => {
  primary = await PostgresServer.create();
  standby = await primary.createStandby();
});
after(async () => {
  await standby.remove();
  await primary.remove();
});

test('a standby that lags delays the lake; it brings no stale row and deletes none that has yet to arrive', async (t) => {
  const lake = await freshLake(t, {
    hqServer: primary.url('postgres'),
    config: lakeConfig,
    partitions: ONE_PARTITION,
  });
  const env = readsFromStandby(lake);
  const before = await firstLoad(lake);
  await standby.untilCaughtUp();
  await endWell(startAll(lake, env));
  await lake.requireEqual();
  const versions = lake.deltaVersions();

  await standby.pause();
  await changeEverything(lake, before);
  await standby.untilBehind();
  const running = startAll(lake, env);

  await t.test('while it lags every topic waits for it, and not one commit is made', async () => {
    for (const topic of TOPICS) {
      const failure = await until(`${topic} is put off`, () => firstFailure(lake, topic));
      assert.deepEqual(failure, { state: 'planned', class: 'transient' }, topic);
    }
    assert.deepEqual(lake.deltaVersions(), versions);
    for (const each of running) await each.says('HQ_STANDBY_BEHIND');
  });

  await t.test('when it has caught up the lake is what HQ holds', async () => {
    await standby.resume();
    await endWell(running);
    await lake.requireEqual();
    await requireExactlyOnce(lake);
  });
});

function lakeConfig(domain: string): string {
  const kept = {
    location_levels: ['state', 'centre'],
    record_location: ['owner'],
    locations: true,
    cases: { child: {} },
    forms: { [VISIT]: { name: 'visit' } },
  };
  return stringify({ domains: { [domain]: kept } });
}

function startAll(lake: FreshLake, env: Readonly<Record<string, string>>): Orchestrator[] {
  return TOPICS.map((topic) => lake.start(topic, env));
}

async function endWell(running: readonly Orchestrator[]): Promise<void> {
  for (const { code, stderr } of await Promise.all(running.map(({ ended }) => ended)))
    assert.equal(code, 0, stderr);
}

function readsFromStandby(lake: FreshLake): Record<string, string> {
  const there = (url = ''): string => standby.url(new URL(url).pathname.slice(1));
  const [first = '', second] = lake.env['HQ_SHARD_DATABASE_URLS']?.split(',') ?? [];
  return {
    HQ_DATABASE_URL: there(lake.env['HQ_DATABASE_URL']),
    HQ_SHARD_DATABASE_URLS: [first, there(second)].join(','),
  };
}

interface Loaded {
  /** Ids of records in the shard that lags. */
  readonly visits: readonly string[];
  readonly children: readonly string[];
  readonly centres: readonly string[];
}

async function firstLoad(lake: FreshLake): Promise<Loaded> {
  const { hq, domain } = lake;
  await hq.createLocationTypes(domain, [
    { code: 'state', name: 'State' },
    { code: 'centre', name: 'Centre', parentCode: 'state' },
  ]);
  const [state = ''] = await hq.createLocations(domain, [
    { name: 'Old State', typeCode: 'state', siteCode: 's', locationId: 'state' },
  ]);
  const centres = await hq.createLocations(
    domain,
    ['a', 'b'].map((name) => ({ name, typeCode: 'centre', siteCode: name, parentId: state })),
  );
  const visits = lagging(lake, await submitVisits(lake, 16));
  const children = lagging(lake, await createCases(lake, 'child', 16));
  return { visits, children, centres };
}

/** Edits, deletes and creations in each topic; of each kind some stand in the shard that lags. */
async function changeEverything(lake: FreshLake, loaded: Loaded): Promise<void> {
  const { hq, domain } = lake;
  const [edited = '', deleted = ''] = loaded.visits;
  await editVisit(lake, edited, '9.9');
  await hq.deleteForms(domain, [deleted]);
  const [updated = '', gone = ''] = loaded.children;
  await updateCases(lake, [updated], { weight: '9.9' });
  await hq.deleteCases(domain, [gone]);
  lagging(lake, await submitVisits(lake, 16));
  lagging(lake, await createCases(lake, 'child', 16));
  await hq.renameLocation('state', 'New State');
  await hq.deleteLocation(loaded.centres[0] ?? '');
  await hq.createLocations(domain, [{ name: 'c', typeCode: 'centre', siteCode: 'c', parentId: 'state' }]);
}

function lagging(lake: FreshLake, ids: readonly string[]): readonly string[] {
  const found = ids.filter((id) => lake.hq.context.databases.shardOf(id) === LAGGING);
  assert.ok(found.length >= 2, 'by the odds of a shard function two of sixteen ids stand in each shard');
  return found;
}

async function firstFailure(
  lake: FreshLake,
  topic: Topic,
): Promise<{ state: string; class: string } | undefined> {
  const { rows } = await lake.ledger.query<{ state: string; class: string }>(
    `SELECT state, failure_class AS class FROM batch
     WHERE topic = $1 AND state <> 'committed' AND failure_class IS NOT NULL`,
    [topic],
  );
  return rows[0];
}
