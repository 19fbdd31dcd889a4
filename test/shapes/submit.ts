import { FORM_XMLNS, formTreeOf, formXml } from './form-xml.js';
import { caseSaved } from '../hq-sim/announcements.js';
import { groupByShard, insertRows } from '../hq-sim/databases.js';
import type { Hq } from '../hq-sim/hq.js';
import type { CaseRow } from '../hq-sim/rows.js';
import type { DrawnTable } from './draw.js';
import { jsonOf, type Document, type Tree } from './tree.js';

/** The same documents are brought in twice: in many batches, and in one. */
export type Variant = 'many' | 'one';

const FORMS_AT_ONCE = 500;

export function typeOf(table: DrawnTable, variant: Variant): string {
  return table.kind === 'case' ? `${table.name}-${variant}` : `${FORM_XMLNS}${table.name}-${variant}`;
}

export function idOf(document: Document, variant: Variant): string {
  return `${document.id}-${variant}`;
}

/** The free part of the record as HQ holds it. */
export function heldTree(table: DrawnTable, document: Document, variant: Variant): Tree {
  if (table.kind === 'case') return document.tree;
  return formTreeOf(document.tree, typeOf(table, variant), idOf(document, variant));
}

/** Puts documents into HQ as it is, case rows directly (no form can hold all that JSON may), and announces them. */
export async function submit(
  hq: Hq,
  domain: string,
  documents: readonly { readonly table: DrawnTable; readonly document: Document }[],
  variant: Variant,
): Promise<void> {
  const cases = documents.filter(({ table }) => table.kind === 'case');
  await putCases(
    hq,
    domain,
    cases.map(({ table, document }) => ({
      id: idOf(document, variant),
      type: typeOf(table, variant),
      tree: document.tree,
    })),
  );
  const forms = documents.filter(({ table }) => table.kind === 'form');
  for (let at = 0; at < forms.length; at += FORMS_AT_ONCE) {
    const xmls = forms
      .slice(at, at + FORMS_AT_ONCE)
      .map(({ table, document }) => formXml(document.tree, typeOf(table, variant), idOf(document, variant)));
    await hq.submitForms(xmls.map((xml) => ({ xml, domain })));
  }
}

/** A case as its row is to hold it. */
export interface PutCase {
  readonly id: string;
  readonly type: string;
  readonly tree: Tree;
}

/** Writes rows of cases, new ones or new versions, and announces them. */
export async function putCases(hq: Hq, domain: string, cases: readonly PutCase[]): Promise<void> {
  const rows = cases.map(({ id, type, tree }) => caseRow(hq, domain, type, id, tree));
  const { databases, feed } = hq.context;
  for (const [shard, group] of groupByShard(databases, rows, (row) => row.case_id))
    await insertRows(databases.pool(shard), 'form_processor_commcarecasesql', group, ['case_id']);
  await feed.send(
    'case-sql',
    rows.map((row) => caseSaved(row)),
  );
}

function caseRow(hq: Hq, domain: string, type: string, id: string, tree: Tree): CaseRow {
  const at = '2024-05-06T07:08:09.000010Z';
  return {
    case_id: id,
    domain,
    type,
    name: 'drawn',
    owner_id: 'owner',
    opened_on: at,
    opened_by: 'user',
    modified_on: at,
    server_modified_on: hq.context.clock.next(),
    modified_by: 'user',
    closed: false,
    closed_on: null,
    closed_by: null,
    deleted: false,
    deleted_on: null,
    deletion_id: null,
    external_id: null,
    location_id: null,
    case_json: jsonOf(tree),
  };
}
