import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProblem, startTestApi, type ApiUnderTest } from '../../helpers/api-under-test.js';
import { fillLedger, ODD_DOMAIN, type FilledLedger } from '../../helpers/filled-ledger.js';
import { openLedger, type FreshLedger } from '../ledger/fresh-ledger.js';

/** The real server over a filled ledger; Kafka, Redis, Spark and HQ are away, so what needs them must say so and nothing else. */
let ledger: FreshLedger;
let filled: FilledLedger;
let api: ApiUnderTest;

before(async () => {
  ledger = await openLedger();
  filled = await fillLedger(ledger.database);
  api = await startTestApi(ledger);
});
after(async () => {
  await api.close();
  await ledger.close();
});

const PAUSE = { scope: 'queue', name: 'merge', reason: 'looking at it' };

test('a retried batch goes on, and its halted table with it', async () => {
  const before = await api.ask('GET', `/api/v1/jobs/batch-${filled.haltedBatch}`, {
    token: api.tokens.viewer,
  });
  assert.equal(before.status, 200, before.text);
  assert.equal((before.json as { cause: { code: string } }).cause.code, 'STATEMENT_SKIPPED');
  const overview = await api.ask('GET', '/api/v1/overview', { token: api.tokens.viewer });
  const { verdict, failing } = overview.json as unknown as {
    verdict: { health: string; text: string };
    failing: { what: string; href: string }[];
  };
  assert.equal(verdict.health, 'bad');
  assert.match(
    verdict.text,
    /^form-sql is 4\d min behind and not moving: table raw_visit1_form is halted: STATEMENT_SKIPPED/,
  );
  assert.equal(failing[0]?.href, `/jobs/batch-${filled.haltedBatch}`);
  const retried = await api.ask('POST', `/api/v1/jobs/batch-${filled.haltedBatch}/retry`, {
    token: api.tokens.operator,
    body: { reason: 'the ledger was restored' },
  });
  assert.equal(retried.status, 202, retried.text);
  const table = await api.ask('GET', `/api/v1/tables/commcarehq_demo/${filled.haltedTable}`, {
    token: api.tokens.viewer,
  });
  assert.equal((table.json as { table: { state: string } }).table.state, 'running', table.text);
  const { overflow } = table.json as { overflow?: { limit: number; names: string[] } };
  assert.deepEqual([overflow?.limit, overflow?.names.length], [2_000, 6], 'and what it has no column for');
});

test('lists go on by cursor without leaving out or repeating, and refuse cursors of others', async () => {
  const walk = async (
    path: string,
    key: string,
    id: (row: Record<string, string>) => string,
  ): Promise<string[]> => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { status, json, text } = await api.ask('GET', `${path}limit=7${at}`, { token: api.tokens.admin });
      assert.equal(status, 200, text);
      seen.push(...((json?.[key] ?? []) as Record<string, string>[]).map(id));
      cursor = json?.['next'] as string | null;
    } while (cursor !== null);
    return seen;
  };
  const name = (row: Record<string, string>): string => `${row['database'] ?? ''}.${row['name'] ?? ''}`;
  for (const sort of ['name', 'rows', 'freshness', 'lastCommit'])
    assert.equal(
      new Set(await walk(`/api/v1/tables?sort=${sort}&`, 'tables', name)).size,
      filled.tables,
      sort,
    );
  const records = await walk('/api/v1/quarantine?', 'records', (row) => row['id'] ?? '');
  assert.deepEqual([records.length, new Set(records).size], [60, 60]);
  const jobs = await walk('/api/v1/jobs?', 'jobs', (row) => row['id'] ?? '');
  assert.deepEqual([jobs.length, new Set(jobs).size], [120, 120]);
  const history = `/api/v1/tables/commcarehq_demo/${filled.haltedTable}/schema-history?`;
  assert.equal((await walk(history, 'changes', (row) => row['column'] ?? '')).length, 5);
  for (const path of ['tables', 'quarantine', 'jobs', 'audit'])
    for (const cursor of ['x', 'bnVsbA', Buffer.from('["a","b","c"]').toString('base64url')]) {
      const answer = await api.ask('GET', `/api/v1/${path}?cursor=${cursor}`, { token: api.tokens.admin });
      assert.equal(answer.status, 400, `${path} ${cursor}: ${answer.text}`);
    }
});

test('odd names in paths and queries are names', async () => {
  const odd = encodeURIComponent(ODD_DOMAIN);
  const token = api.tokens.viewer;
  const tables = await api.ask('GET', `/api/v1/tables?domain=${odd}`, { token });
  assert.equal((tables.json as { total: number }).total, 6);
  const groups = await api.ask('GET', '/api/v1/quarantine/groups', { token });
  const [group] = (groups.json as unknown as { groups: { reason: string; count: number }[] }).groups;
  assert.deepEqual([group?.reason, group?.count], ['form XML does not parse at line #, column #', 30]);
  const months = await api.ask('GET', `/api/v1/domains/${odd}/months`, { token });
  assert.equal(months.status, 200, months.text);
  for (const name of ['a%2Fb', '..%2F..', '%F0%9F%92%A5', "x';DROP TABLE lane--", 'x'.repeat(255)]) {
    const answer = await api.ask('GET', `/api/v1/tables/${name}/${name}`, { token });
    assert.equal(answer.status, 404, `${name}: ${answer.text}`);
  }
});

test('hostile input is refused with a problem, never a fault', async () => {
  const token = api.tokens.admin;
  const refused = async (
    method: string,
    path: string,
    body: unknown,
    status: number,
    headers = {},
  ): Promise<void> => {
    const answer = await api.ask(method, path, { token, ...(body === undefined ? {} : { body }), headers });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 300)}`);
    isProblem(answer);
    assert.doesNotMatch(answer.text, /SELECT|at async|node_modules|\.js:\d/);
  };
  await refused('GET', '/api/v1/jobs?q=%00', undefined, 400);
  await refused('GET', '/api/v1/jobs?unknown=1', undefined, 400);
  await refused('GET', '/api/v1/jobs?limit=1000000', undefined, 400);
  await refused('GET', '/api/v1/jobs?q=a&q=b', undefined, 400);
  await refused('GET', '/api/v1/jobs/batch-9999999999999999999', undefined, 404);
  await refused('GET', '/api/v1/batches/9999999999999999999', undefined, 400);
  await refused('GET', '/api/v1/jobs?since=0000-01-01T00:00:00Z', undefined, 400);
  await refused('GET', '/api/v1/%E0%A4%A', undefined, 400);
  await refused('POST', '/api/v1/pauses', '{"scope": "all", "scope"', 400);
  await refused('POST', '/api/v1/pauses', '', 400);
  await refused('POST', '/api/v1/pauses', '{"__proto__": {"a": 1}}', 400);
  await refused('POST', '/api/v1/pauses', { ...PAUSE, extra: 1 }, 400);
  await refused('POST', '/api/v1/pauses', { ...PAUSE, reason: 'a\0b c' }, 400);
  await refused('POST', '/api/v1/pauses', { scope: 'table', name: 'no.such', reason: 'no reason' }, 400);
  await refused('POST', '/api/v1/pauses', `"${'x'.repeat(1_100_000)}"`, 413);
  await refused('POST', '/api/v1/pauses', 'scope=all', 415, {
    'content-type': 'application/x-www-form-urlencoded',
  });
  await refused(
    'POST',
    '/api/v1/quarantine/replay',
    { ids: ['9999999999999999999'], reason: 'too large' },
    400,
  );
  await refused('POST', '/api/v1/aggregations', { domain: 'demo', table: 'no', month: '2026-01-01' }, 400);
  await refused(
    'POST',
    '/api/v1/aggregations',
    { domain: '__proto__', table: 'all', month: '2026-01-01' },
    400,
  );
  await refused(
    'POST',
    '/api/v1/reprocess',
    { scope: { domain: 'demo', from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' } },
    400,
  );
  await refused('POST', '/api/v1/reprocess', { scope: { domain: 'nobody' }, dryRun: true }, 400);
  await refused('PUT', '/api/v1/alerts/rules', { rules: [{ kind: 'lag', enabled: true, limit: -1 }] }, 400);
  await refused('GET', '/api/nothing', undefined, 404);
  await refused('DELETE', '/api/v1/jobs', undefined, 404);
});

test('a reprocess asked twice under one key is asked once, and its key stands for nothing else', async () => {
  const token = api.tokens.operator;
  const body = {
    scope: { domain: 'demo', ids: ['b', 'a'] },
    idempotencyKey: 'key-1',
    reason: 'mended in HQ',
  };
  const first = await api.ask('POST', '/api/v1/reprocess', { token, body });
  assert.equal(first.status, 202, first.text);
  const second = await api.ask('POST', '/api/v1/reprocess', { token, body });
  assert.deepEqual([second.json?.['repeated'], second.json?.['jobId']], [true, first.json?.['jobId']]);
  isProblem(
    await api.ask('POST', '/api/v1/reprocess', { token, body: { ...body, scope: { domain: 'demo' } } }),
    'KEY_REUSED',
  );
  const job = await api.ask('GET', `/api/v1/jobs/${String(first.json?.['jobId'])}`, { token });
  assert.equal(job.status, 200, job.text);
  // Counting needs HQ, which is away.
  const dry = await api.ask('POST', '/api/v1/reprocess', {
    token,
    body: { scope: { domain: 'demo' }, dryRun: true },
  });
  assert.equal(dry.status, 503, dry.text);
  isProblem(dry, 'HQ_READ_FAILED');
});

test('services that are away are told as away: readiness, lag, cluster, metrics', async () => {
  const token = api.tokens.viewer;
  const ready = await api.ask('GET', '/readyz');
  const services = (ready.json as unknown as { services: { name: string; state: string }[] }).services;
  assert.deepEqual([ready.status, ready.json?.['status']], [200, 'degraded']);
  assert.equal(services.find(({ name }) => name === 'ledger')?.state, 'up');
  for (const name of ['redis', 'kafka', 'spark', 'hq'])
    assert.equal(services.find((each) => each.name === name)?.state, 'down', name);
  assert.equal((await api.ask('GET', '/healthz')).status, 200);
  const topics = await api.ask('GET', '/api/v1/topics', { token });
  assert.deepEqual(topics.json?.['kafka'], { reachable: false, reason: 'Kafka does not answer' });
  const cluster = await api.ask('GET', '/api/v1/cluster', { token });
  assert.deepEqual([cluster.json?.['reachable'], cluster.json?.['queues']], [false, []]);
  const metrics = await api.ask('GET', '/metrics', { token });
  assert.match(metrics.text, /^dimagi_lake_/m);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/);
});

test('changes of the ledger reach open streams, and a stream ends with the server', async () => {
  const own = await startTestApi(ledger);
  const stopping = new AbortController();
  try {
    const response = await fetch(`${own.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${own.tokens.viewer}` },
      signal: stopping.signal,
    });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    let isChanged = false;
    while (!/"what":"pauses"/.test(text.split('MARK')[1] ?? '')) {
      const part = await reader?.read();
      assert.ok(part?.done === false, text);
      text += part.value;
      // The first news after connecting is that anything may have changed; from then on the ear is open.
      if (!isChanged && text.includes('"what":"pauses"')) {
        isChanged = true;
        text += 'MARK';
        await ledger.database.query(
          "INSERT INTO pause (scope, name, reason, paused_by) VALUES ('queue', 'schedule', 'why', 'me')",
        );
      }
    }
    const ended = (async () => {
      while ((await reader?.read())?.done === false);
    })();
    await own.close();
    await ended;
  } finally {
    stopping.abort();
  }
});

test('a thousand tables are listed at once', async () => {
  await ledger.database.query(
    `INSERT INTO lake_table (domain, kind, type, database_name, table_name, path, names)
     SELECT 'wide', 'case', 'type' || n, 'commcarehq_wide', 'raw_type' || n || '_case', 'commcare/wide/case/' || n,
            (SELECT jsonb_object_agg('p' || c, 'case_json__p' || c) FROM generate_series(1, 100) AS c)
     FROM generate_series(1, 1000) AS n`,
  );
  const answer = await api.ask('GET', '/api/v1/tables?limit=2000&sort=freshness', {
    token: api.tokens.viewer,
  });
  const { tables, total, next } = answer.json as unknown as {
    tables: unknown[];
    total: number;
    next: string | null;
  };
  assert.deepEqual([tables.length, total, next], [1000 + filled.tables, 1000 + filled.tables, null]);
});
