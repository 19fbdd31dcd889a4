import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestApi, type Answer, type ApiUnderTest } from '../../helpers/api-under-test.js';
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

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly role: 'anyone' | 'viewer' | 'operator' | 'admin';
  readonly statuses: readonly string[];
}

type Document = {
  paths: Record<string, Record<string, { description: string; responses: Record<string, unknown> }>>;
};

/** Every route of the OpenAPI document, with the role it says it needs. */
async function operations(): Promise<Operation[]> {
  const { json } = await api.ask('GET', '/api/v1/openapi.json');
  return Object.entries((json as unknown as Document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description, responses }]) => ({
      method: method.toUpperCase(),
      path,
      role: (/Needs the role (\w+)/.exec(description)?.[1] ?? 'anyone') as Operation['role'],
      statuses: Object.keys(responses),
    })),
  );
}

const ROLES = ['viewer', 'operator', 'admin'] as const;

function isProblem({ json }: Answer, code?: string): void {
  assert.deepEqual(Object.keys(json ?? {}).sort(), ['code', 'hint', 'message']);
  if (code !== undefined) assert.equal(json?.['code'], code);
}

/** Values that fit the path's parameters and name nothing. */
function concrete(path: string): string {
  return path
    .replace('{topic}', 'no-topic')
    .replace('{database}', 'no_database')
    .replace('{table}', 'no_table')
    .replace('{domain}', encodeURIComponent('no/such:domain'))
    .replace('/jobs/{id}', '/jobs/batch-999999')
    .replace('{id}', '999999')
    .replace('{name}', 'no-such-token');
}

test('every route refuses who has no login, and whose role is too small, before it looks at anything else', async () => {
  const all = (await operations()).filter(({ path }) => path !== '/api/v1/events');
  assert.ok(all.length >= 45, `${all.length} routes`);
  for (const { method, path, role } of all) {
    if (role === 'anyone') continue;
    const what = `${method} ${path}`;
    const without = await api.ask(method, concrete(path));
    assert.equal(without.status, 401, what);
    isProblem(without, 'UNAUTHENTICATED');
    const wrong = await api.ask(method, concrete(path), { token: `dl_${'x'.repeat(43)}` });
    assert.equal(wrong.status, 401, what);
    for (const smaller of ROLES.slice(0, ROLES.indexOf(role))) {
      const refused = await api.ask(method, concrete(path), { token: api.tokens[smaller] });
      assert.equal(refused.status, 403, `${what} as ${smaller}`);
      isProblem(refused, 'FORBIDDEN');
    }
  }
});

test('who has the role gets an answer of a documented status, never a fault, whatever services are away', async () => {
  for (const { method, path, role, statuses } of await operations()) {
    if (role === 'anyone' || path === '/api/v1/events') continue;
    const answer = await api.ask(method, concrete(path), { token: api.tokens[role] });
    const what = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`;
    assert.ok(statuses.includes(String(answer.status)), what);
    assert.notEqual(answer.status, 500, what);
    assert.notEqual(answer.status, 403, what);
    if (answer.status >= 400) isProblem(answer);
  }
});

test('what only an admin may see stays with admins', async () => {
  const roles = new Map((await operations()).map(({ method, path, role }) => [`${method} ${path}`, role]));
  for (const admin of [
    'GET /api/v1/tokens',
    'POST /api/v1/tokens',
    'DELETE /api/v1/tokens/{name}',
    'GET /api/v1/audit',
  ])
    assert.equal(roles.get(admin), 'admin', admin);
  assert.equal(roles.get('GET /api/v1/quarantine/{id}/document'), 'admin');
  assert.equal(roles.get('PUT /api/v1/alerts/rules'), 'admin');
  for (const [name, role] of roles)
    if (/^(POST|PUT|DELETE) /.test(name) && !name.endsWith('/session')) assert.notEqual(role, 'viewer', name);
});

/** Logs in and gives back cookie and CSRF token. */
async function login(token: string): Promise<{ cookie: string; csrf: string; header: string }> {
  const answer = await api.ask('POST', '/api/v1/session', { body: { token } });
  assert.equal(answer.status, 200, answer.text);
  const header = answer.headers.get('set-cookie') ?? '';
  return { header, cookie: header.split(';')[0] ?? '', csrf: String(answer.json?.['csrf']) };
}

const PAUSE = { scope: 'queue', name: 'merge', reason: 'looking at it' };

test('a session acts only with its CSRF token and from its own page', async () => {
  const { cookie, csrf, header } = await login(api.tokens.operator);
  assert.match(header, /HttpOnly/);
  assert.match(header, /SameSite=Strict/);
  assert.doesNotMatch(header, /Secure/);
  const secure = await api.ask('POST', '/api/v1/session', {
    body: { token: api.tokens.operator },
    headers: { 'x-forwarded-proto': 'https' },
  });
  assert.match(secure.headers.get('set-cookie') ?? '', /Secure/);

  const pauseWith = (headers: Record<string, string>): Promise<Answer> =>
    api.ask('POST', '/api/v1/pauses', { body: PAUSE, headers: { cookie, ...headers } });
  isProblem(await pauseWith({}), 'CSRF');
  isProblem(
    await pauseWith({ 'x-csrf-token': csrf.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }),
    'CSRF',
  );
  isProblem(await pauseWith({ 'x-csrf-token': csrf, origin: 'https://evil.example' }), 'CSRF');
  isProblem(await pauseWith({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' }), 'CSRF');
  const other = await login(api.tokens.operator);
  isProblem(await pauseWith({ 'x-csrf-token': other.csrf }), 'CSRF');
  const paused = await pauseWith({ 'x-csrf-token': csrf, origin: api.url });
  assert.equal(paused.status, 201, paused.text);
  const again = await pauseWith({ 'x-csrf-token': csrf });
  assert.equal(again.status, 200);
  assert.equal(again.json?.['id'], paused.json?.['id']);
  const lifted = await api.ask('DELETE', `/api/v1/pauses/${String(paused.json?.['id'])}`, {
    headers: { cookie, 'x-csrf-token': csrf },
  });
  assert.equal(lifted.status, 200, lifted.text);

  const out = await api.ask('DELETE', '/api/v1/session', { headers: { cookie, 'x-csrf-token': csrf } });
  assert.equal(out.status, 204, out.text);
  assert.equal((await api.ask('GET', '/api/v1/session', { headers: { cookie } })).status, 401);
});

test('a session ends when unused, at its latest hour, and with its token', async () => {
  const made = await api.ask('POST', '/api/v1/tokens', {
    token: api.tokens.admin,
    body: { name: 'short-lived', role: 'viewer', days: 1 },
  });
  assert.equal(made.status, 201, made.text);
  const secret = String(made.json?.['secret']);
  const alive = async (cookie: string): Promise<boolean> =>
    (await api.ask('GET', '/api/v1/session', { headers: { cookie } })).status === 200;
  const sql = (text: string): Promise<unknown> => ledger.database.query(text);
  const idle = await login(secret);
  assert.ok(await alive(idle.cookie));
  await sql("UPDATE api_session SET seen_at = now() - interval '3 hours' WHERE token_name = 'short-lived'");
  assert.ok(!(await alive(idle.cookie)));
  const old = await login(secret);
  await sql("UPDATE api_session SET expires_at = now() WHERE token_name = 'short-lived'");
  assert.ok(!(await alive(old.cookie)));
  const revoked = await login(secret);
  assert.equal(
    (await api.ask('DELETE', '/api/v1/tokens/short-lived', { token: api.tokens.admin })).status,
    200,
  );
  assert.ok(!(await alive(revoked.cookie)));
  assert.equal((await api.ask('GET', '/api/v1/session', { token: secret })).status, 401);
  isProblem(
    await api.ask('POST', '/api/v1/tokens', {
      token: api.tokens.admin,
      body: { name: 'short-lived', role: 'admin' },
    }),
    'CONFLICT',
  );
  const expired = await api.ask('POST', '/api/v1/tokens', {
    token: api.tokens.admin,
    body: { name: 'expired', role: 'admin', days: 1 },
  });
  await sql("UPDATE api_token SET expires_at = now() WHERE name = 'expired'");
  assert.equal(
    (await api.ask('GET', '/api/v1/session', { token: String(expired.json?.['secret']) })).status,
    401,
  );
});

test('the ledger keeps no secret, and no answer but the first shows one', async () => {
  const made = await api.ask('POST', '/api/v1/tokens', {
    token: api.tokens.admin,
    body: { name: 'looked-for', role: 'viewer' },
  });
  const secret = String(made.json?.['secret']);
  assert.match(secret, /^dl_[\w-]{43}$/);
  const { cookie } = await login(secret);
  for (const table of ['api_token', 'api_session', 'audit_log']) {
    const [row] = await ledger.database.query<{ text: string }>(
      `SELECT json_agg(t)::text AS text FROM ${table} t`,
    );
    assert.ok(!row?.text.includes(secret), table);
    assert.ok(!row?.text.includes(cookie.split('=')[1] ?? '-'), table);
  }
  const list = await api.ask('GET', '/api/v1/tokens', { token: api.tokens.admin });
  assert.ok(list.text.includes('looked-for') && !list.text.includes(secret));
});

interface Entry {
  who: string;
  role: string;
  action: string;
  target: string | null;
  reason: string | null;
  outcome: string;
  address: string;
}

async function audit(): Promise<Entry[]> {
  const { json } = await api.ask('GET', '/api/v1/audit?limit=200', { token: api.tokens.admin });
  return (json as unknown as { entries: Entry[] }).entries;
}

test('each act stands in the audit log with who, what, why and what came of it, refused ones and looks at documents too', async () => {
  const token = api.tokens.operator;
  await api.ask('POST', '/api/v1/pauses', { token, body: { ...PAUSE, name: 'stage' } });
  await api.ask('POST', '/api/v1/pauses', { token: api.tokens.viewer, body: PAUSE });
  await api.ask('POST', '/api/v1/jobs/batch-999999/cancel', { token, body: { reason: 'no such job' } });
  await api.ask('GET', '/api/v1/quarantine/1/document', { token: api.tokens.admin });
  await api.ask('POST', '/api/v1/session', { body: { token: 'dl_guess' } });
  const entries = await audit();
  const find = (action: string, outcome: string): Entry => {
    const found = entries.find((entry) => entry.action === action && entry.outcome === outcome);
    assert.ok(found, `${action} ${outcome}: ${JSON.stringify(entries.slice(0, 8))}`);
    return found;
  };
  const paused = find('pause', 'done');
  assert.deepEqual([paused.role, paused.target, paused.reason], ['operator', 'queue stage', 'looking at it']);
  assert.equal(paused.address, '127.0.0.1');
  assert.equal(find('pause', 'refused FORBIDDEN').role, 'viewer');
  assert.equal(find('cancel job', 'failed JOB_UNKNOWN').target, 'batch-999999');
  assert.match(find('look at document', 'failed HQ_READ_FAILED').target ?? '', /^form record-1 of /);
  assert.equal(find('log in', 'refused UNAUTHENTICATED').who, 'unknown');
  assert.ok(!JSON.stringify(entries).includes('dl_guess'));
  assert.ok(!entries.some(({ outcome }) => outcome === 'begun'));
});

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

test('too many requests of an address are refused, logins first', async () => {
  const small = await startTestApi(ledger, { limits: { logins: 3, acts: 5, reads: 8 } });
  try {
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++)
      statuses.push((await small.ask('POST', '/api/v1/session', { body: { token: 'dl_guess' } })).status);
    assert.deepEqual(statuses, [401, 401, 401, 429]);
    let last = await small.ask('GET', '/api/v1/session', { token: small.tokens.viewer });
    for (let count = 0; count < 8; count++)
      last = await small.ask('GET', '/api/v1/session', { token: small.tokens.viewer });
    assert.equal(last.status, 429);
    isProblem(last, 'RATE_LIMITED');
    assert.ok(Number(last.headers.get('retry-after')) > 0);
    assert.equal((await small.ask('GET', '/healthz')).status, 200);
  } finally {
    await small.close();
  }
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

test('answers carry headers that keep browsers in, and nothing of the API is kept', async () => {
  const answer = await api.ask('GET', '/api/v1/session', { token: api.tokens.viewer });
  const csp = answer.headers.get('content-security-policy') ?? '';
  assert.match(csp, /default-src 'self'/);
  assert.match(csp, /script-src 'self'(;|$)/);
  assert.match(csp, /frame-ancestors 'none'/);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const docs = await api.ask('GET', '/api/docs/');
  assert.equal(docs.status, 200);
  assert.match(docs.text, /swagger/i);
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
