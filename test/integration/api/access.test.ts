import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isProblem, startTestApi, type Answer, type ApiUnderTest } from '../../helpers/api-under-test.js';
import { fillLedger } from '../../helpers/filled-ledger.js';
import { openLedger, type FreshLedger } from '../ledger/fresh-ledger.js';

/** The real server over a filled ledger; Kafka, Redis, Spark and HQ are away, so what needs them must say so and nothing else. */
let ledger: FreshLedger;
let api: ApiUnderTest;

before(async () => {
  ledger = await openLedger();
  await fillLedger(ledger.database);
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
  assert.match(find('look at document', 'failed HQ_READ_FAILED').target ?? '', /^form record-\d+ of /);
  assert.equal(find('log in', 'refused UNAUTHENTICATED').who, 'unknown');
  assert.ok(!JSON.stringify(entries).includes('dl_guess'));
  assert.ok(!entries.some(({ outcome }) => outcome === 'begun'));
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
