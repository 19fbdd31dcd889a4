import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseLakeConfig } from '../../orchestrator/config/lake.js';
import { LakeError } from '../../orchestrator/errors.js';
import { formJson } from '../../orchestrator/extract/form-json/form-json.js';
import { jsonTree } from '../../orchestrator/extract/json-tree.js';
import { readChange } from '../../orchestrator/plan/read-change.js';
import { isProblem, startTestApi } from '../helpers/api-under-test.js';
import { HOSTILE_KEYS } from '../helpers/hostile-keys.js';
import { openLedger } from '../integration/ledger/fresh-ledger.js';
import { BOMBS, type BombName } from './hostile-documents.js';

/** What may stand in a document and in no reason, error or log. */
const CANARY = 'canary-4711';
const RUNS = Number(process.env['HOSTILE_RUNS'] ?? '3000');

const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...HOSTILE_KEYS, '\ud800', '\udfff\ud800', '\0', '__proto__', 'constructor', CANARY),
  fc.constantFrom(
    '&x;',
    '<!ENTITY x SYSTEM "file:///etc/passwd">',
    '<!DOCTYPE d [',
    ']]>',
    '<?xml ',
    '<![CDATA[',
  ),
);

test('any bytes for a form’s XML are a form or a reason that holds nothing of them', () => {
  const xml = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(TEXT).map((texts) => Buffer.from(`<d><a>${CANARY}</a>${texts.join('')}</d>`)),
    fc
      .tuple(fc.constantFrom('utf-16', 'utf-7', 'latin1', 'ebcdic-cp-us', 'x'), TEXT)
      .map(([name, text]) => Buffer.from(`<?xml version="1.0" encoding="${name}"?><d>${CANARY}${text}</d>`)),
    fc
      .tuple(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([at, bytes]) => spoilt(at, bytes)),
  );
  fc.assert(
    fc.property(xml, (bytes) => {
      const result = formJson(bytes);
      if ('reason' in result) assert.ok(!result.reason.includes('canary') && result.reason.length < 200);
      else assert.ok(!JSON.stringify(result.form).includes('root:'), 'no file of ours is read into a form');
      requireUnharmed();
    }),
    { numRuns: RUNS },
  );
});

test('any bytes for a message are a change or an odd message that says nothing of them', () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const change = fc
    .record({ document_id: TEXT, domain: TEXT, publish_timestamp: TEXT, is_deletion: fc.anything() })
    .map((given) => Buffer.from(JSON.stringify(given)));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), json, change), (bytes) => {
      const read = readChange(bytes);
      if ('odd' in read) assert.ok(!read.odd.includes('canary'));
      else assert.ok(read.change.id !== '' && !`${read.change.id}${read.change.domain}`.includes('\0'));
      requireUnharmed();
    }),
    { numRuns: RUNS },
  );
});

test('any text for a case’s JSON is a tree or a reason', () => {
  const nested = fc.nat(200_000).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        TEXT,
        TEXT.map((text) => `{"${text}": "${CANARY}"}`),
      ),
      (text) => {
        const tree = jsonTree(text);
        if (typeof tree === 'string') assert.ok(!tree.includes('canary'));
        requireUnharmed();
      },
    ),
    { numRuns: RUNS },
  );
  fc.assert(
    fc.property(nested, (text) => {
      jsonTree(text);
    }),
    { numRuns: 20 },
  );
});

test('any text for lake.yaml is a configuration or CONFIG_INVALID', () => {
  const structured = fc.anything({ withBigInt: false, key: TEXT, maxDepth: 4 }).map((value) => {
    try {
      return stringify({ domains: value });
    } catch {
      return 'domains: {}';
    }
  });
  const pieces = fc
    .array(
      fc.oneof(
        TEXT,
        fc.constantFrom(
          'domains:',
          '\n  ',
          ': ',
          '- ',
          '&a ',
          '*a',
          '<<: ',
          '!!js/function ',
          '{',
          '[',
          '? ',
        ),
      ),
    )
    .map((texts) => texts.join(''));
  const deep = fc.constantFrom('[', '{a: ', '- ', '? ').map((open) => `domains: ${open.repeat(3_000)}`);
  const read = (text: string): void => {
    try {
      parseLakeConfig(text);
    } catch (thrown) {
      if (thrown instanceof LakeError && thrown.code === 'CONFIG_INVALID') return;
      throw thrown;
    }
  };
  fc.assert(
    fc.property(fc.oneof(structured, pieces), (text) => {
      read(text);
      requireUnharmed();
    }),
    { numRuns: RUNS },
  );
  fc.assert(fc.property(deep, read), { numRuns: 8 });
});

test('any body for the API is answered, with a problem of its shape or a listed success, and it serves on', async (t) => {
  const ledger = await openLedger();
  const api = await startTestApi(ledger);
  t.after(async () => {
    await api.close();
    await ledger.close();
  });
  const ACTS = [
    'reprocess',
    'migrations',
    'aggregations',
    'pauses',
    'session',
    'jobs/batch-1/cancel',
    'jobs/batch-1/retry',
  ].map((act) => `/api/v1/${act}`);
  const value = fc.anything({ withBigInt: false, key: TEXT, maxDepth: 5 });
  const body = fc.oneof(
    value.map((each) => JSON.stringify(each)),
    fc
      .record({ domain: TEXT, scope: value, ids: fc.array(TEXT), reason: TEXT, table: TEXT, month: TEXT })
      .map((each) => JSON.stringify(each)),
    TEXT,
    fc.constant(`{"domain":${'['.repeat(50_000)}`),
    fc.constant(`${'{"__proto__":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ACTS), body, async (path, text) => {
      const answer = await api.ask('POST', path, { token: api.tokens.admin, body: text });
      assert.ok(
        answer.status < 500 || answer.status === 503,
        `${path} answered ${answer.status}: ${answer.text}`,
      );
      if (answer.status >= 400) isProblem(answer);
      requireUnharmed();
    }),
    { numRuns: Math.min(RUNS, 1_000) },
  );
  const large = await api
    .ask('POST', '/api/v1/reprocess', {
      token: api.tokens.admin,
      body: `{"domain":"${'x'.repeat(100 * 1024 * 1024)}"}`,
    })
    .catch(() => undefined);
  // It may hang up on whoever goes on sending.
  if (large !== undefined) assert.equal(large.status, 413);
  assert.equal((await api.ask('GET', '/api/v1/tables', { token: api.tokens.viewer })).status, 200);
});

test('documents made to fill the memory end with a form or a reason in a small process', async (t) => {
  for (const name of Object.keys(BOMBS) as BombName[])
    await t.test(name, async () => {
      const program = fileURLToPath(new URL('hostile-process.js', import.meta.url));
      const child = fork(program, [name], {
        execArgv: ['--max-old-space-size=1536'],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (piece: Buffer) => (said += piece.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0, said.slice(-2_000));
      assert.match(said, BOMBS[name].answer);
      assert.ok(!said.includes(CANARY));
    });
});

/** One byte sequence of a form written over another. */
function spoilt(at: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.from(
    `<?xml version="1.0"?><data xmlns="http://x/y" name="V"><a q="${CANARY}">${CANARY}</a><b><c>1</c><c>&lt;&#65;</c></b><![CDATA[x]]><!-- c --></data>`,
  );
  Buffer.from(bytes).copy(whole, at % whole.length);
  return whole;
}

/** No input reaches the prototypes that everything else is made of. */
function requireUnharmed(): void {
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
}
