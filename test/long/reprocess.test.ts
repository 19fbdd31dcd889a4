import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ended } from '../helpers/orchestrator.js';
import { dimagiLake } from '../helpers/dimagi-lake.js';
import { requireExactlyOnce, requireNothingLeft } from '../helpers/exactly-once.js';
import { freshLake, type FreshLake } from '../helpers/fresh-lake.js';
import { endsOf, recreateTopics } from '../helpers/kafka-topics.js';
import { change, loadSmallProgramme } from '../helpers/small-programme.js';
import { until } from '../helpers/until.js';
import { CHANGES } from '../hq-sim/changes.js';
import { TOPICS } from '../../orchestrator/types.js';

const PARTITIONS = { 'form-sql': 2, 'case-sql': 2, location: 1 };
/** Every kind but an edited type, which is found by looking at the types (deep-locations.test.ts). */
const KINDS = Object.keys(CHANGES).filter((kind) => kind !== 'rename-location-type');

interface Asked {
  readonly id: string;
  readonly state: string;
  readonly records: number;
  readonly failureCode: string | null;
}

test('what Kafka has dropped comes from HQ’s databases, whatever dies on the way', async (t) => {
  const lake = await freshLake(t);
  await loadSmallProgramme(lake);
  const readSince = lake.clock.next();
  const verb = (...words: string[]): Promise<Asked> => dimagiLake(lake, ...words) as Promise<Asked>;
  const reprocess = (...words: string[]): Promise<Asked> =>
    verb('reprocess', '--domain', lake.domain, ...words);

  await t.test(
    'a domain whose history is older than Kafka’s messages is migrated, killed again and again',
    async () => {
      await recreateTopics(PARTITIONS);
      await lake.ingestAll();
      assert.deepEqual(lake.deltaVersions(), {}, 'Kafka tells of nothing');
      const { records } = await verb('migration', lake.domain, '--dry-run');
      const { id } = await verb('migration', lake.domain);
      for (const point of [
        'after-reprocess-listed',
        'after-reprocess-planned',
        'after-staging',
        'before-commit',
      ])
        died(await lake.ingest('form-sql', { DIMAGI_LAKE_CRASH_AT: point }), point);
      await lake.ingestAll();
      await lake.requireEqual();
      await requireExactlyOnce(lake);
      const done = await stateOf(lake, id);
      assert.deepEqual([done.state, done.records], ['done', records]);
      const { rows } = await lake.ledger.query<{ ids: number }>(
        "SELECT sum(ids)::int AS ids FROM batch WHERE kind = 'migration'",
      );
      assert.equal(rows[0]?.ids, records, 'no record is in two pages');
    },
  );

  await t.test(
    'a span of time makes good what lost messages told: every kind of change, deletes for good too',
    async () => {
      const from = new Date(Date.now() - 1_000).toISOString();
      for (const kind of KINDS) await change(lake, kind, kind === 'delete' || kind === 'delete-case' ? 4 : 1);
      for (const topic of TOPICS)
        for (const { partition, end } of await endsOf(topic))
          await lake.ledger.query(
            `INSERT INTO topic_partition VALUES ($1, $2, $3)
           ON CONFLICT (topic, partition) DO UPDATE SET planned_until = excluded.planned_until`,
            [topic, partition, end],
          );
      await lake.ingestAll();
      assert.ok(!(await lake.oracle()).ok, 'the lake knows of nothing');
      await reprocess('--from', from, '--until', new Date().toISOString(), '--reason', 'lost offsets');
      await lake.ingestAll();
      await lake.requireEqual({ locationColumns: 'written', readSince });
    },
  );

  await t.test(
    'ids, a month and messages are read again; a process waits for the end when it is asked to',
    async () => {
      for (const [name, words] of [
        ['ids', (id: string) => ['--ids', id]],
        [
          'month',
          (_id: string, month: string) => ['--month', month.slice(0, 7), '--table', 'raw_member_case'],
        ],
      ] as const) {
        const { id, month } = await changeUnheard(lake, `${name} changed`);
        const waiting = reprocess(...words(id, month), '--key', name, '--wait');
        await until('it is asked for', async () => (await requests(lake)) > 0);
        await lake.ingestAll();
        assert.equal((await waiting).state, 'done');
        await lake.requireEqual({ locationColumns: 'written', readSince });
      }
      const [heard = ''] = await change(lake, 'update-case');
      await lake.ingestAll(['case-sql']);
      await changeUnheard(lake, 'told by a message', heard);
      const ranges = (await endsOf('case-sql')).map(({ partition, end }) => `${partition}:0-${end}`);
      await reprocess('--topic', 'case-sql', '--offsets', ...ranges);
      await lake.ingestAll(['case-sql']);
      await lake.requireEqual({ locationColumns: 'written', readSince });
      const { id } = await reprocess('--topic', 'case-sql', '--offsets', '0:0-999999');
      await lake.ingestAll(['case-sql']);
      const { state, failureCode } = await stateOf(lake, id);
      assert.deepEqual([state, failureCode], ['failed', 'OFFSETS_GONE']);
      await requireExactlyOnce(lake);
      await requireNothingLeft(lake);
    },
  );
});

function died({ signal, stderr }: Ended, point: string): void {
  assert.equal(signal, 'SIGKILL', `${point}: ${stderr}`);
}

async function requests(lake: FreshLake): Promise<number> {
  const { rowCount } = await lake.ledger.query("SELECT 1 FROM reprocess_request WHERE state = 'running'");
  return rowCount ?? 0;
}

async function stateOf(lake: FreshLake, id: string): Promise<Omit<Asked, 'id'>> {
  const { rows } = await lake.ledger.query<Omit<Asked, 'id'>>(
    'SELECT state, records::int AS records, failure_code AS "failureCode" FROM reprocess_request WHERE id = $1',
    [id],
  );
  const [row] = rows;
  assert.ok(row !== undefined);
  return row;
}

/** A member case gets another property in HQ without a message. @returns its id and month */
async function changeUnheard(
  lake: FreshLake,
  value: string,
  only?: string,
): Promise<{ id: string; month: string }> {
  for (const pool of lake.hq.context.databases.shards) {
    const { rows } = await pool.query<{ id: string; month: string }>(
      `UPDATE form_processor_commcarecasesql SET server_modified_on = now(),
         case_json = (case_json::jsonb || jsonb_build_object('unheard', $2::text))::text
       WHERE case_id = (SELECT case_id FROM form_processor_commcarecasesql
                        WHERE domain = $1 AND NOT deleted AND deleted_on IS NULL AND opened_on IS NOT NULL
                          AND CASE WHEN $3::text IS NULL THEN type = 'member' ELSE case_id = $3 END LIMIT 1)
       RETURNING case_id AS id, to_char(opened_on AT TIME ZONE 'UTC', 'YYYY-MM-01') AS month`,
      [lake.domain, value, only ?? null],
    );
    if (rows[0] !== undefined) return rows[0];
  }
  throw new Error('no case to change');
}
