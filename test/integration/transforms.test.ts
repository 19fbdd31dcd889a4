import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createCases, ONE_PARTITION, updateCases } from '../helpers/case-domain.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { editVisit, submitVisits, VISIT } from '../helpers/form-domain.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { lakeRows } from '../helpers/lake-rows.js';
import { placesHolding } from '../helpers/looking-for.js';
import type { Ended } from '../helpers/orchestrator.js';

const KEY = 'a key of the test, thirty-two letters';
const hash = (text: string): string => createHmac('sha256', KEY).update(text).digest('hex');
const TOPICS = ['case-sql', 'form-sql'] as const;
const TABLE = 'case-sql/child';

const PHONE = '+91 98 SECRET PHONE';
const BORN = '1987-06-05';
const NOTE = 'A SECRET NOTE';
const NAME = 'SECRET NAME';
const SECRETS = [PHONE, BORN, NOTE, NAME, 'SECRET'];
const WEIGHT = '31.41592';

const HOOK = `
interface Child { _id: string; case_json: Record<string, string> }

export default function hook(record: Child): Child | null {
  if (record.case_json['state'] === 'test') return null;
  if (record.case_json['state'] === 'broken') throw new RangeError(JSON.stringify(record));
  record.case_json['hooked'] = 'one';
  return record;
}
`;

/** @param more further steps, before the hook */
function config(domain: string, more = ''): string {
  return `domains:
  ${domain}:
    cases: {child: {}}
    forms: {"${VISIT}": {name: visit}}
    tables:
      raw_child_case:
        transforms:
          - mask: {column: [case_json__phone, case_json__kin], with: hash}
          - mask: {column: case_json__born, with: year}
          - drop: [name, case_json__note]
          - filter: {column: case_json__consent, is_not: 'no'}
${more}          - hook: child.ts
      raw_visit_form:
        transforms:
          - mask: {column: form__weight, with: hash}
`;
}

interface World {
  readonly lake: FreshLake;
  /** Everything the control plane logged or printed. */
  readonly said: string[];
  ingest(extraEnv?: Readonly<Record<string, string>>): Promise<Ended>;
  setCase(id: string, change: Readonly<Record<string, unknown>>): Promise<void>;
}

test('what is masked is written nowhere; filters and hooks decide what is kept; a reprocess brings a changed mask to history', async (t) => {
  const lake = await freshLake(t, {
    config,
    partitions: ONE_PARTITION,
    env: { TRANSFORM_HASH_KEY: KEY, LOG_LEVEL: 'debug' },
  });
  const world = worldOf(lake);
  writeHook(lake, HOOK);
  const ids = await createCases(lake, 'child', 6);
  const [kept = '', listed = '', leaving = '', refused = '', tested = '', broken = ''] = ids;
  for (const id of ids)
    await world.setCase(id, { phone: PHONE, born: BORN, note: NOTE, consent: 'yes', village: 'Rampur' });
  await world.setCase(listed, { phone: [PHONE, ''], kin: [{ phone: PHONE, age: 7 }] });
  await world.setCase(refused, { consent: 'no' });
  await world.setCase(tested, { state: 'test' });
  await world.setCase(broken, { state: 'broken' });
  const [visit = '', listedVisit = ''] = await submitVisits(lake, 2);
  await editVisit(lake, visit, WEIGHT);
  await editVisit(lake, listedVisit, WEIGHT, '', WEIGHT);

  await t.test('rows hold hashes, years and nothing; lists stay lists', async () => {
    await ingestAll(world);
    const rows = await lakeRows(lake, TABLE);
    assert.deepEqual(new Set(rows.keys()), new Set([kept, listed, leaving]));
    const row = rows.get(listed);
    assert.ok(row !== undefined);
    assert.deepEqual(row['case_json__phone'], [hash(PHONE), '']);
    assert.deepEqual(row['case_json__kin'], [{ phone: hash(PHONE), age: hash('7') }]);
    assert.deepEqual(rows.get(kept)?.['case_json__phone'], [hash(PHONE)]);
    assert.equal(row['case_json__born'], '1987');
    assert.equal(row['case_json__village'], 'Rampur');
    assert.equal(row['case_json__hooked'], 'one');
    assert.ok(!('name' in row) && !('case_json__note' in row));
    const visits = await lakeRows(lake, 'form-sql/visit');
    assert.deepEqual(visits.get(visit)?.['form__weight'], [hash(WEIGHT)]);
    assert.deepEqual(visits.get(listedVisit)?.['form__weight'], [hash(WEIGHT), '', hash(WEIGHT)]);
  });

  await t.test('a hook that fails sets the record aside, without a word of it', async () => {
    const { records } = (await dimagiLake(lake, 'quarantine', 'list')) as {
      records: Record<string, unknown>[];
    };
    assert.deepEqual(
      records.map(({ recordId, reason, place }) => ({ recordId, reason, place })),
      [{ recordId: broken, reason: 'hook child.ts failed: RangeError at line 6', place: 'child.ts:6' }],
    );
  });

  await t.test('a row whose record is not kept any more goes, and comes back', async () => {
    await world.setCase(leaving, { consent: 'no' });
    await updateCases(lake, [leaving], { seen: '1' });
    await ingestAll(world);
    assert.ok(!(await lakeRows(lake, TABLE)).has(leaving));
    await world.setCase(leaving, { consent: 'yes', state: 'test' });
    await updateCases(lake, [leaving], { seen: '2' });
    await ingestAll(world);
    assert.ok(!(await lakeRows(lake, TABLE)).has(leaving));
    await world.setCase(leaving, { state: '' });
    await updateCases(lake, [leaving], { seen: '3' });
    await ingestAll(world);
    assert.equal((await lakeRows(lake, TABLE)).get(leaving)?.['case_json__born'], '1987');
  });

  await t.test('no file, no row of the ledger and no log holds what was masked', async () => {
    // That there is something to be found: what is not masked.
    assert.ok((await placesHolding(lake, 'Rampur')).some((place) => place.endsWith('.json.gz')));
    assert.deepEqual(await placesHolding(lake, ...SECRETS, WEIGHT), []);
    assert.ok(!JSON.stringify([...(await lakeRows(lake, TABLE)).values()]).includes('SECRET'));
    const said = world.said.join('\n');
    assert.match(said, /batch staged/);
    for (const secret of [...SECRETS, WEIGHT, KEY]) assert.ok(!said.includes(secret), secret);
  });

  await t.test(
    'a changed mask is refused until it is applied, and reaches history by a reprocess',
    async () => {
      const more = '          - mask: {column: case_json__village, with: hash}\n';
      writeFileSync(lake.env['LAKE_CONFIG'] ?? '', config(lake.domain, more));
      assert.equal((await world.ingest()).code, 6);
      await dimagiLake(lake, 'config', 'apply');
      const asked = ['reprocess', '--domain', lake.domain, '--table', 'RAW_child_case'];
      const dry = (await dimagiLake(lake, ...asked, '--dry-run')) as Record<string, unknown>;
      // What a filter or a hook keeps out is in HQ all the same: it is read again too.
      const inHq = { table: 'raw_child_case', records: ids.length, isExact: true };
      assert.deepEqual([dry['tables'], dry['pages']], [[inHq], 1]);
      const again = (await dimagiLake(lake, ...asked)) as Record<string, unknown>;
      assert.deepEqual([again['repeated'], again['state']], [false, 'running']);
      await ingestAll(world);
      const rows = await lakeRows(lake, TABLE);
      assert.deepEqual(
        [...rows.values()].map((row) => row['case_json__village']),
        [hash('Rampur'), hash('Rampur'), hash('Rampur')],
      );
    },
  );

  await t.test(
    'a batch is staged with the hook it was planned with, a reprocess after it with the new one',
    async () => {
      await updateCases(lake, [kept], { seen: '4' });
      const died = await world.ingest({ DIMAGI_LAKE_CRASH_AT: 'after-planning' });
      assert.equal(died.signal, 'SIGKILL', died.stderr);
      writeHook(lake, HOOK.replace("'one'", "'two'"));
      assert.equal((await world.ingest()).code, 6, 'a changed hook is a changed configuration');
      await dimagiLake(lake, 'config', 'apply');
      await ingestAll(world);
      assert.equal((await lakeRows(lake, TABLE)).get(kept)?.['case_json__hooked'], 'one');
      await dimagiLake(
        lake,
        'reprocess',
        '--domain',
        lake.domain,
        '--table',
        'raw_child_case',
        '--ids',
        kept,
        refused,
      );
      await ingestAll(world);
      const rows = await lakeRows(lake, TABLE);
      assert.equal(rows.get(kept)?.['case_json__hooked'], 'two');
      assert.equal(rows.get(listed)?.['case_json__hooked'], 'one');
      assert.ok(!rows.has(refused));
    },
  );

  await t.test('a process with another key, or with none, does not start', async () => {
    const other = await world.ingest({ TRANSFORM_HASH_KEY: 'another key, of thirty-two letters' });
    assert.deepEqual(
      [other.code, /TRANSFORM_HASH_KEY is not the key/.test(other.stderr)],
      [6, true],
      other.stderr,
    );
    const none = await world.ingest({ TRANSFORM_HASH_KEY: '' });
    assert.deepEqual([none.code, /TRANSFORM_HASH_KEY: is not set/.test(none.stderr)], [3, true], none.stderr);
  });

  await requireExactlyOnce(lake);
  await requireNothingLeft(lake, TOPICS);
});

function writeHook(lake: FreshLake, text: string): void {
  writeFileSync(join(dirname(lake.env['LAKE_CONFIG'] ?? ''), 'child.ts'), text);
}

function worldOf(lake: FreshLake): World {
  const said: string[] = [];
  const { databases } = lake.hq.context;
  return {
    lake,
    said,
    async ingest(extraEnv) {
      const ended = await lake.ingest('case-sql', extraEnv);
      said.push(ended.stdout, ended.stderr);
      return ended;
    },
    /** As a case block can't hold it: lists, and no message; `updateCases` sends one. */
    async setCase(id, change) {
      await databases
        .pool(databases.shardOf(id))
        .query(
          'UPDATE form_processor_commcarecasesql SET name = $3, case_json = (case_json::jsonb || $2::jsonb)::text WHERE case_id = $1',
          [id, JSON.stringify(change), NAME],
        );
    },
  };
}

async function ingestAll(world: World): Promise<void> {
  for (const topic of TOPICS) {
    const ended = topic === 'case-sql' ? await world.ingest() : await world.lake.ingest(topic);
    if (topic !== 'case-sql') world.said.push(ended.stdout, ended.stderr);
    assert.equal(ended.code, 0, ended.stderr);
  }
}
