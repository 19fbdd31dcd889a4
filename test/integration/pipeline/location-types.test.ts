import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseLakeConfig, type LakeConfig } from '../../../orchestrator/config/lake.js';
import { activateConfig } from '../../../orchestrator/ledger/lake.js';
import { stagePlaces } from '../../../orchestrator/ledger/places.js';
import { ensureTopic, haltTopic } from '../../../orchestrator/ledger/planning.js';
import { createLogger } from '../../../orchestrator/logger.js';
import { planFanOut } from '../../../orchestrator/pipeline/fan-out.js';
import {
  lookAtTypes,
  type PlanningConfig,
  type TypesContext,
} from '../../../orchestrator/pipeline/follow-types.js';
import { readIds } from '../../../orchestrator/plan/id-manifest.js';
import { openStorage } from '../../../orchestrator/storage/open-storage.js';
import { DOMAIN, HqFixture } from '../extract/hq-fixture.js';
import { openLedger, table, type FreshLedger } from '../ledger/fresh-ledger.js';

const YAML = `domains: {${DOMAIN}: {locations: true, location_levels: [state, district, clinic]}}`;

/** HQ and the ledger are real; what is planned is looked at there. */
describe('edited location types', () => {
  let fixture: HqFixture;
  let ledger: FreshLedger;
  let context: TypesContext;
  let planning: PlanningConfig;
  let folder: string;
  before(async () => {
    [fixture, ledger] = await Promise.all([HqFixture.create(), openLedger()]);
    folder = mkdtempSync(join(tmpdir(), 'types-'));
    await fixture.addLocationTree();
    await ensureTopic(ledger.database, 'location');
    context = {
      database: ledger.database,
      hq: fixture.open(),
      checkpoint: openStorage(pathToFileURL(folder).href, { AWS_REGION: 'us-east-1' }),
      logger: createLogger({ level: 'error' }),
    };
  });
  after(async () => {
    await context.hq.close();
    await Promise.all([fixture.remove(), ledger.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await ledger.database.query(
      'TRUNCATE batch, location_type_seen, location_type_look, record_place CASCADE',
    );
    await ledger.database.query("UPDATE topic SET state = 'running'");
    planning = await configured(YAML);
  });

  async function configured(text: string): Promise<PlanningConfig> {
    const config: LakeConfig = parseLakeConfig(text);
    const configVersionId = await ledger.database.transaction((tx) =>
      activateConfig(tx, { ...config, hashKeyCheck: null }),
    );
    return { config, configVersionId };
  }
  const hq = (text: string): Promise<unknown> => fixture.server.query('hq_main', text, []);
  const look = (): Promise<void> => lookAtTypes(context, planning);
  /** A location that stands in the lake. */
  async function known(...ids: readonly string[]): Promise<void> {
    const tableId = await table(ledger.database, DOMAIN, 'location');
    const place = {
      kind: 'location',
      domain: DOMAIN,
      tableId,
      op: 'upsert',
      month: null,
      rev: null,
    } as const;
    await stagePlaces(
      ledger.database,
      1n,
      ids.map((recordId) => ({ ...place, recordId })),
    );
  }
  /** Plans until nothing is left. @returns ids of each page in their sequence */
  async function pages(): Promise<string[][]> {
    while ((await planFanOut(context, planning)) > 0);
    return planned();
  }
  async function planned(): Promise<string[][]> {
    const rows = await ledger.database.query<{
      path: string;
      sha: string;
      kind: string;
      moment: string | null;
    }>(
      `SELECT manifest_path AS path, manifest_sha256 AS sha, kind, newest_publish_timestamp AS moment
       FROM batch WHERE topic = 'location' ORDER BY sequence`,
    );
    assert.ok(rows.every(({ kind, moment }) => kind === 'fan-out' && moment !== null));
    return Promise.all(
      rows.map(async ({ path, sha }) => (await readIds(context.checkpoint, path, sha)).map(({ id }) => id)),
    );
  }

  test('the first look at a domain that nothing was read of plans nothing, and neither does one without an edit', async () => {
    await look();
    await look();
    assert.deepEqual(await pages(), []);
  });

  test('the first look at a domain that is in the lake reads it whole, for its types were never looked at', async () => {
    await known('clinic-1');
    await look();
    assert.deepEqual(await pages(), [['state-1']]);
    await look();
    assert.equal((await pages()).length, 1, 'once');
  });

  test('so does the first look while a batch is being read, which may have read the types before', async () => {
    await ledger.database.query(
      `INSERT INTO batch (topic, sequence, config_version_id, manifest_path, manifest_sha256, ids, extraction)
       VALUES ('location', 1000000, $1, 'p', 's', 1, 1)`,
      [planning.configVersionId],
    );
    await look();
    await ledger.database.query('DELETE FROM batch');
    assert.equal((await pages()).length, 1);
  });

  test('an edited type, however it was edited, has its locations planned once', async () => {
    await look();
    const edits = [
      `UPDATE locations_locationtype SET name = name || '!' WHERE code = 'district'`,
      `UPDATE locations_locationtype SET last_modified = last_modified + interval '1 microsecond' WHERE code = 'district'`,
      `UPDATE locations_locationtype SET code = 'zone' WHERE code = 'district'`,
      `UPDATE locations_locationtype SET parent_type_id = 1 WHERE code = 'zone'`,
      `UPDATE locations_locationtype SET code = 'district', parent_type_id = NULL WHERE code = 'zone'`,
    ];
    for (const [turn, edit] of edits.entries()) {
      await hq(edit);
      await Promise.all([look(), look()]);
      await Promise.all([planFanOut(context, planning), planFanOut(context, planning)]);
      assert.deepEqual((await pages()).slice(turn), [['district-1']], edit);
    }
  });

  test('another domain’s types are its own affair', async () => {
    await look();
    await hq(`UPDATE locations_locationtype SET name = name || '!' WHERE domain = 'another'`);
    await look();
    assert.deepEqual(await pages(), []);
  });

  test('a type that has gone has the locations looked for that it may have taken along', async () => {
    await look();
    await known('state-1', 'district-1', 'lost-1', 'lost-2');
    await hq(`INSERT INTO locations_locationtype (domain, name, code, last_modified)
              VALUES ('${DOMAIN}', 'Camp', 'camp', '2024-01-01Z')`);
    await look();
    assert.deepEqual(await pages(), [], 'a new type without locations');
    await hq(`DELETE FROM locations_locationtype WHERE code = 'camp'`);
    await look();
    assert.deepEqual(await pages(), [['lost-1', 'lost-2']]);
  });

  test('a halted topic plans nothing, and makes it good when it goes on', async () => {
    await look();
    await hq(`UPDATE locations_locationtype SET name = name || '!' WHERE code = 'state'`);
    await haltTopic(ledger.database, 'location', 'a test');
    await look();
    assert.deepEqual(await pages(), []);
    await ledger.database.query("UPDATE topic SET state = 'running'");
    await look();
    assert.deepEqual(await pages(), [['state-1']]);
  });

  test('a process whose lake.yaml is not the active one any more plans nothing', async () => {
    await look();
    await hq(`UPDATE locations_locationtype SET name = name || '!' WHERE code = 'state'`);
    const older = planning;
    planning = await configured(`${YAML}\n# newer`);
    await assert.rejects(lookAtTypes(context, older), { code: 'CONFIG_NOT_ACTIVE' });
    await look();
    await assert.rejects(planFanOut(context, older), { code: 'CONFIG_NOT_ACTIVE' });
    assert.deepEqual(await pages(), [['state-1']]);
  });

  test('a domain that was not kept for a while is looked at anew', async () => {
    await look();
    await known('clinic-1');
    planning = await configured('domains: {another: {locations: true}}');
    await look();
    planning = await configured(YAML);
    await look();
    assert.deepEqual(await pages(), [['state-1']]);
  });

  test('thousands of locations are planned page by page, no more at once than live changes can bear', async () => {
    await look();
    await hq(
      `INSERT INTO locations_sqllocation (domain, name, location_id, location_type_id, site_code, created_at,
         last_modified, parent_id)
       SELECT domain, 'Many', 'many-' || n, location_type_id, 'many-' || n, created_at, last_modified, parent_id
       FROM locations_sqllocation, generate_series(1, 45000) n WHERE location_id = 'clinic-2'`,
    );
    await hq(`UPDATE locations_locationtype SET name = name || '!' WHERE code = 'clinic'`);
    await look();
    const first = await pages();
    assert.equal(first.length, 8, 'as many as may be open');
    assert.ok(first.every((page) => page.length === 5_000));
    assert.equal(await planFanOut(context, planning), 0);
    // The types are edited again before all is planned: then it begins anew, now with those of the other type.
    await hq(`UPDATE locations_locationtype SET name = name || '!' WHERE code = 'district'`);
    await look();
    await ledger.database.query("UPDATE batch SET state = 'committed'");
    const all = (await pages()).slice(8);
    assert.deepEqual(all, [['district-1']]);
  });
});
