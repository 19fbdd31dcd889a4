import type { JsonObject, Upsert } from '../../../orchestrator/types.js';

const RECORD = {
  op: 'upsert',
  domain: 'd',
  id: 'case-1',
  rev: '2026-01-02T03:04:05.000000Z',
  month: '2026-01-01',
} as const;

/** A case with what is of interest to a test. */
export function aCase(tree: JsonObject, fields: Upsert['fields'] = {}): Upsert {
  return {
    ...RECORD,
    kind: 'case',
    type: 'child',
    fields: { domain: 'd', type: 'child', doc_type: 'CommCareCase', name: null, ...fields },
    indices: [],
    tree,
  };
}

export function aForm(tree: JsonObject): Upsert {
  const type = 'http://x';
  return { ...RECORD, kind: 'form', type, fields: { domain: 'd', xmlns: type }, tree };
}

export function aLocation(fields: Upsert['fields'], tree: JsonObject = {}): Upsert {
  const own = {
    kind: 'location',
    type: 'location',
    month: null,
    fields: { domain: 'd', ...fields },
  } as const;
  return { ...RECORD, ...own, tree };
}
