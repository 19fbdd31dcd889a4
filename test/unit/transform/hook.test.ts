import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HookUnusable, loadHook } from '../../../orchestrator/transform/hook.js';
import { tableTransform } from '../../../orchestrator/transform/table-transform.js';
import type { Extracted, Upsert } from '../../../orchestrator/types.js';
import { aCase } from './records.js';

const PATH = 'hooks/child.ts';
const SECRET = 'Asha Devi';

async function through(text: string, record: Upsert = aCase({ name: SECRET, age: '7' })): Promise<Extracted> {
  const hooks = new Map([[PATH, await loadHook(PATH, text)]]);
  const transforms = [{ kind: 'hook', path: PATH } as const];
  return tableTransform('case', { location_levels: [] }, transforms, { hashKey: undefined, hooks })(record);
}

async function problem(text: string): Promise<{ reason: string; where: string }> {
  const after = await through(text);
  assert.ok(after.op === 'unreadable', JSON.stringify(after));
  assert.ok(!JSON.stringify(after).includes(SECRET), JSON.stringify(after));
  return { reason: after.reason.replace(`hook ${PATH} `, ''), where: after.where };
}

async function unusable(text: string, path = PATH): Promise<string> {
  try {
    await loadHook(path, text);
  } catch (thrown) {
    assert.ok(thrown instanceof HookUnusable);
    return thrown.message;
  }
  return assert.fail('it was loaded');
}

test('a hook in TypeScript gets a plain record and gives one back', async () => {
  const after = await through(`
    interface Child { _id: string; name: string | null; case_json: Record<string, unknown> }
    const YEARS = 12;
    export default function hook(record: Child): Child | null {
      record.case_json['months'] = Number(record.case_json['age']) * YEARS;
      delete record.case_json['name'];
      return { ...record, name: 'a child' };
    }`);
  assert.ok(after.op === 'upsert');
  assert.deepEqual(after.tree, { age: '7', months: 84 });
  assert.equal(after.fields['name'], 'a child');
  const { id, rev, month, type } = after;
  assert.deepEqual(
    { id, rev, month, type },
    { id: 'case-1', rev: '2026-01-02T03:04:05.000000Z', month: '2026-01-01', type: 'child' },
  );
});

test('what it sees is the record by the names of the lake', async () => {
  const after = await through(
    'export default (record) => ({ ...record, case_json: { seen: JSON.stringify(record) } });',
  );
  assert.ok(after.op === 'upsert' && typeof after.tree['seen'] === 'string');
  const seen = JSON.parse(after.tree['seen']) as Record<string, unknown>;
  assert.deepEqual(Object.keys(seen), [
    '_id',
    '_rev',
    'month',
    'domain',
    'type',
    'doc_type',
    'name',
    'indices',
    'case_json',
  ]);
});

test('null: the record is not kept, as if it were deleted', async () => {
  assert.deepEqual(await through('export default () => null;'), {
    op: 'delete',
    kind: 'case',
    domain: 'd',
    id: 'case-1',
  });
});

test('a hook that fails sets the record aside with its place and the name of the error, and not a word of the record', async () => {
  const text = `
interface Child { case_json: { name: string } }
class NoChild extends Error { override name = 'NoChild'; }

export default function hook(record: Child): Child {
  throw THROWN;
}`;
  const thrown: Readonly<Record<string, string>> = {
    'new TypeError(record.case_json.name)': 'failed: TypeError at line 6',
    'new NoChild(record.case_json.name)': 'failed: NoChild at line 6',
    'Object.assign(new Error(), { name: record.case_json.name })': 'failed: an error at line 6',
    'Object.assign(new Error(), { name: record.case_json.name.split(" ")[0] })': 'failed: an error at line 6',
    'record.case_json.name': 'failed: an error',
    '{ get name() { throw new Error(record.case_json.name); } }': 'failed: Error',
  };
  for (const [expression, reason] of Object.entries(thrown))
    assert.equal((await problem(text.replace('THROWN', expression))).reason, reason, expression);
  assert.equal((await problem(text.replace('THROWN', 'new Error()'))).where, `${PATH}:6`);
});

test('what is no record is set aside: nothing, a text, a promise, another id, wrong types, unknown fields', async () => {
  const answers: Readonly<Record<string, string>> = {
    undefined: 'gave nothing back',
    'record.case_json.name': 'gave something back that is no record',
    '[record]': 'gave something back that is no record',
    'Promise.resolve(record)': 'failed: gave a promise back; a hook gives its record back at once',
    '({ ...record, _id: record.case_json.name })': 'changed _id',
    '({ ...record, type: "other" })': 'changed type',
    '({ ...record, month: null })': 'changed month',
    '({ ...record, name: 7 })': 'gave name back as something else than a text or null',
    '({ ...record, opened_on: record.case_json.name })':
      'gave opened_on back as something else than a time such as 2026-01-31T08:00:00.000000Z or null',
    '({ ...record, closed: "true" })': 'gave closed back as something else than true, false or null',
    '({ ...record, nmae: record.case_json.name })':
      "gave a field back that is no column; those of one's own go below case_json",
    '({ ...record, case_json: [] })': 'gave case_json back as something else than an object',
    '({ ...record, indices: [{}] })': 'gave indices back that are no list of indices',
  };
  for (const [expression, reason] of Object.entries(answers))
    assert.equal((await problem(`export default (record) => (${expression});`)).reason, reason, expression);
});

test('fields that are left out are null; what finds the record stays', async () => {
  const after = await through('export default ({ _id }) => ({ _id });', aCase({ a: '1' }, { name: 'n' }));
  assert.ok(after.op === 'upsert');
  assert.deepEqual(
    [after.fields['name'], after.fields['domain'], after.fields['type'], after.tree],
    [null, 'd', 'child', {}],
  );
});

test('a hook that never comes to an end is stopped', async () => {
  assert.match(
    (await problem('export default (record) => { for (;;); };')).reason,
    /^failed: took longer than 5 seconds/,
  );
});

test('a hook has neither Node nor the world, and logs nowhere', async () => {
  for (const name of ['process', 'require', 'fetch', 'setTimeout', 'Buffer'])
    assert.match(
      (await problem(`export default (record) => ${name}.x;`)).reason,
      /^failed: (ReferenceError|TypeError) at line 1$/,
    );
  assert.match(
    (await problem('export default (record) => new Function("return 1")();')).reason,
    /^failed: EvalError/,
  );
  assert.equal(
    (await through('export default (record) => { console.log(record); return record; };')).op,
    'upsert',
  );
});

test('a hook that can be no hook is told when it is loaded, with its place', async () => {
  assert.match(await unusable('export default (record) => {\n  return (;\n};'), /^hooks\/child\.ts:2:11: /);
  assert.match(await unusable('\nimport fs from "node:fs";\nexport default () => fs;'), /imports "node:fs"/);
  assert.match(await unusable('export const hook = 1;'), /has no default export that is a function/);
  assert.match(await unusable('export default async (record) => record;'), /is asynchronous/);
  assert.match(
    await unusable('\n\nconst x = y;\nexport default () => x;'),
    /^hooks\/child\.ts:3: ReferenceError while it was loaded/,
  );
  assert.match(await unusable('for (;;);\nexport default () => null;'), /while it was loaded/);
});

test('plain JavaScript modules are hooks too', async () => {
  const hook = await loadHook('h.mjs', 'export default function (record) { record.n = 1; return record; }');
  assert.equal(hook('{"a":1}'), '{"a":1,"n":1}');
});
