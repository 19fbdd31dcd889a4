import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { CouchUsers } from '../../../orchestrator/extract/users/couch-users.js';
import { LakeError } from '../../../orchestrator/errors.js';
import { COUCH_LOGIN, startCouchServer, type CouchServer } from '../../helpers/couch-server.js';
import { until } from '../../helpers/until.js';

const NOW = { newestPublishTimestamp: null };
const DOMAIN = 'nutrition-demo';
const HOSTILE = [
  "o'brien",
  'a/b?c#d',
  '{"keys":[]}',
  'ü 😀',
  'a__proto__',
  '%2F%00',
  'constructor',
  '0',
  '"\\',
];

describe('users’ places from CouchDB', () => {
  let couch: CouchServer;
  let databases = 0;
  before(async () => {
    couch = await startCouchServer();
  });
  after(async () => {
    await couch.close();
  });

  /** A database of the test's own. */
  async function fresh(): Promise<{ database: string; users: CouchUsers }> {
    const database = `hq${++databases}__users`;
    assert.equal((await couch.ask('PUT', `/${database}`)).status, 201);
    return { database, users: CouchUsers.open(couch.users(database)) };
  }

  async function save(
    database: string,
    id: string,
    document: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const path = `/${database}/${encodeURIComponent(id)}`;
    const { answer } = await couch.ask('GET', path);
    const { _rev } = answer as { _rev?: string };
    const { status } = await couch.ask('PUT', path, { ...document, ...(_rev === undefined ? {} : { _rev }) });
    assert.equal(status, 201, id);
  }

  const worker = (location: string | null, more: object = {}): Readonly<Record<string, unknown>> => ({
    base_doc: 'CouchUser',
    doc_type: 'CommCareUser',
    domain: DOMAIN,
    location_id: location,
    ...more,
  });

  async function placesOf(users: CouchUsers, ...ids: string[]): Promise<Record<string, string>> {
    return Object.fromEntries(await users.look(DOMAIN, NOW).locationsOf(ids));
  }

  const reads = (database: string): number =>
    couch.requests.filter((line) => line.startsWith(`POST /${database}/_all_docs`)).length;

  test('each user has the place of the domain asked about; who is deleted, unknown or elsewhere has none', async () => {
    const { database, users } = await fresh();
    await save(database, 'here', worker('l1'));
    await save(database, 'web', {
      base_doc: 'CouchUser',
      doc_type: 'WebUser',
      domain_memberships: [
        { domain: 'another', location_id: 'far' },
        { domain: DOMAIN, location_id: 'l2' },
      ],
    });
    await save(database, 'elsewhere', worker('l3', { domain: 'another' }));
    await save(database, 'nowhere', worker(null));
    await save(database, 'retired', worker('l4', { base_doc: 'CouchUser-Deleted' }));
    await save(database, 'removed', worker('l5'));
    await save(database, 'removed', { _deleted: true });
    for (const id of HOSTILE) await save(database, id, worker(`at ${id}`));
    const asked = [
      'here',
      'web',
      'elsewhere',
      'nowhere',
      'retired',
      'removed',
      'never',
      '_design/x',
      ...HOSTILE,
    ];
    const expected = { here: 'l1', web: 'l2', ...Object.fromEntries(HOSTILE.map((id) => [id, `at ${id}`])) };
    assert.deepEqual(await placesOf(users, ...asked), expected);
    assert.deepEqual(Object.fromEntries(await users.look('another', NOW).locationsOf(['web', 'elsewhere'])), {
      web: 'far',
      elsewhere: 'l3',
    });
  });

  test('users are read once, and again only when _changes names them: whoever looks tells no stale place', async () => {
    const { database, users } = await fresh();
    for (const id of ['a', 'b', 'c']) await save(database, id, worker('l1'));
    const other = CouchUsers.open(couch.users(database));
    await placesOf(users, 'a', 'b', 'c', 'd');
    await placesOf(other, 'a');
    const before = reads(database);
    assert.deepEqual(await placesOf(users, 'a', 'b', 'd'), { a: 'l1', b: 'l1' });
    assert.equal(
      reads(database),
      before,
      'what is known is not read again, nor is a user known to be absent',
    );
    await save(database, 'a', worker('l2'));
    await save(database, 'b', worker('l1', { base_doc: 'CouchUser-Deleted' }));
    await save(database, 'c', { _deleted: true });
    await save(database, 'd', worker('l4'));
    assert.deepEqual(await placesOf(users, 'a', 'b', 'c', 'd'), { a: 'l2', d: 'l4' });
    assert.deepEqual(await placesOf(other, 'a', 'b', 'c', 'd'), { a: 'l2', d: 'l4' });
    assert.equal(reads(database), before + 2);
  });

  test('one look tells one state of what it has read, however long it takes', async () => {
    const { database, users } = await fresh();
    await save(database, 'a', worker('l1'));
    const look = users.look(DOMAIN, NOW);
    assert.deepEqual([...(await look.locationsOf(['a']))], [['a', 'l1']]);
    const changes = (): number =>
      couch.requests.filter((line) => line.includes(`${database}/_changes`)).length;
    const before = changes();
    for (const id of ['b', 'c', 'd']) await look.locationsOf(['a', id]);
    assert.equal(changes(), before, 'it asks for changes once');
  });

  test('an answer that was under way while the user moved is not taken: it is asked for again', async () => {
    const { database, users } = await fresh();
    await save(database, 'a', worker('l1'));
    const old = await couch.ask('POST', `/${database}/_all_docs?include_docs=true`, { keys: ['a'] });
    await placesOf(users);
    let release: (() => void) | undefined;
    couch.impersonate(`${database}/_all_docs`, (response) => {
      release = () => response.end(JSON.stringify(old.answer));
    });
    const slow = placesOf(users, 'a');
    await until('the documents are asked for', () => release !== undefined);
    await save(database, 'a', worker('l2'));
    await placesOf(users);
    release?.();
    couch.impersonate(`${database}/_all_docs`, undefined);
    assert.deepEqual(await slow, { a: 'l2' });
    assert.deepEqual(await placesOf(users, 'a'), { a: 'l2' });
  });

  test('thousands of changes at once are followed to their end', async () => {
    const { database, users } = await fresh();
    await save(database, 'last', worker('l1'));
    assert.deepEqual(await placesOf(users, 'last'), { last: 'l1' });
    const docs = Array.from({ length: 5_100 }, (_, index) => ({ _id: `u${index}`, ...worker('l1') }));
    await couch.ask('POST', `/${database}/_bulk_docs`, { docs });
    await save(database, 'last', worker('l2'));
    assert.deepEqual(await placesOf(users, 'last', 'u5099'), { last: 'l2', u5099: 'l1' });
  });

  test('a node of a cluster that shows less than _changes told is waited for, then the batch is', async () => {
    const { database, users } = await fresh();
    await save(database, 'a', worker('l1'));
    const old = await couch.ask('POST', `/${database}/_all_docs?include_docs=true`, { keys: ['a'] });
    await placesOf(users);
    await save(database, 'a', worker('l2'));
    couch.impersonate(`${database}/_all_docs`, (response) => response.end(JSON.stringify(old.answer)));
    await assert.rejects(placesOf(users, 'a'), { code: 'HQ_STANDBY_BEHIND', retryable: true });
    couch.impersonate(`${database}/_all_docs`, undefined);
    assert.deepEqual(await placesOf(users, 'a'), { a: 'l2' });
  });

  test('a CouchDB that is away, refuses or is none is a failure that passes, told without the password', async () => {
    const { database } = await fresh();
    const closed = 9;
    const faults: readonly (readonly [url: string, reason: RegExp])[] = [
      [couch.users(database, undefined, undefined, closed), /ECONNREFUSED|bad port/],
      [couch.users(database, 'someone else'), /refuses the login of HQ_USERS \(401\)/],
      [couch.users(database, undefined, 'wrong-secret'), /refuses the login of HQ_USERS \(401\)/],
      [couch.users('absent__users'), /no such database \(404\)/],
      [couch.users(`${database}/_all_docs`), /not as a CouchDB/],
    ];
    for (const [url, reason] of faults)
      await assert.rejects(placesOf(CouchUsers.open(url), 'a'), failure(reason));
  });

  test('an answer that is no CouchDB’s, or a part of one, is a failure and not a user without a place', async () => {
    const { database, users } = await fresh();
    await save(database, 'a', worker('l1'));
    await placesOf(users);
    const answers: readonly (readonly [answer: string, reason: RegExp])[] = [
      ['<html>Sign in</html>', /not as a CouchDB/],
      ['{"rows":[]}', /not answered/],
      ['{"rows":[{"id":"a"}]}', /without its key/],
      ['{"rows":[{"key":"a","value":{}}]}', /without a revision/],
      ['{"total_rows":1}', /no list/],
      ['[]', /no object/],
    ];
    for (const [answer, reason] of answers) {
      couch.impersonate(`${database}/_all_docs`, (response) => response.end(answer));
      await assert.rejects(placesOf(users, 'a'), failure(reason), answer);
    }
    couch.impersonate(`${database}/_all_docs`, (response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    });
    await assert.rejects(placesOf(users, 'a'), failure(/answers 302/));
    couch.impersonate(`${database}/_all_docs`, undefined);
    assert.deepEqual(await placesOf(users, 'a'), { a: 'l1' });
  });

  test('a server that is overloaded for a moment is asked again at once', async () => {
    const { database, users } = await fresh();
    await save(database, 'a', worker('l1'));
    couch.impersonate(`${database}/_all_docs`, (response) => {
      response.writeHead(503).end('{}');
      couch.impersonate(`${database}/_all_docs`, undefined);
    });
    assert.deepEqual(await placesOf(users, 'a'), { a: 'l1' });
  });

  test('an extraction that is stopped does not wait for CouchDB', async () => {
    const { database, users } = await fresh();
    couch.impersonate(`${database}/_all_docs`, () => undefined);
    const stop = new AbortController();
    const look = users.look(DOMAIN, { ...NOW, signal: stop.signal });
    const asked = look.locationsOf(['a']);
    await until('the documents are asked for', () => reads(database) > 0);
    stop.abort(new LakeError('LEASE_LOST', 'another process has it'));
    await assert.rejects(asked, { code: 'LEASE_LOST' });
    couch.impersonate(`${database}/_all_docs`, undefined);
  });
});

function failure(reason: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof LakeError, inspect(thrown));
    assert.deepEqual([thrown.code, thrown.retryable], ['HQ_READ_FAILED', true]);
    assert.match(thrown.message, reason);
    const told = inspect({ thrown, facts: thrown.facts }, { depth: 10 });
    for (const secret of [COUCH_LOGIN.password, encodeURIComponent(COUCH_LOGIN.password), 'wrong-secret'])
      assert.ok(!told.includes(secret), told);
    return true;
  };
}
