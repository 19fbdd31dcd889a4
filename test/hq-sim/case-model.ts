import { LakeError } from '../../orchestrator/errors.js';
import type { JsonObject, JsonValue } from '../../orchestrator/types.js';
import type { CaseUpdate } from './case-xml.js';
import type { CaseRow, IndexRow } from './rows.js';
import { toMicros, toUtc } from './timestamps.js';

/** A case in memory: its row, its free properties and its indices by identifier. */
export interface CaseState {
  row: CaseRow;
  properties: JsonObject;
  readonly indices: Map<string, IndexRow>;
}

/** Bits of a case transaction's type. */
export const TRANSACTION = {
  form: 1,
  rebuildAsked: 8,
  rebuildArchived: 16,
  rebuildEdit: 32,
  create: 128,
  close: 256,
  index: 512,
} as const;

/** Properties HQ keeps in columns, by the name they have in a case block. */
const COLUMN_OF: Readonly<Record<string, 'type' | 'name' | 'owner_id' | 'external_id' | 'opened_on'>> = {
  case_type: 'type',
  case_name: 'name',
  owner_id: 'owner_id',
  external_id: 'external_id',
  date_opened: 'opened_on',
};
/** Never in case_json, though no column takes them from an update block either. */
const RESTRICTED = new Set(['case_id', 'type', 'date_modified', 'user_id']);

export function newCase(domain: string, caseId: string, now: string): CaseState {
  const row: CaseRow = {
    case_id: caseId,
    domain,
    type: '',
    name: '',
    owner_id: '',
    opened_on: null,
    opened_by: '',
    // Unset: the first form decides it.
    modified_on: '',
    server_modified_on: now,
    modified_by: '',
    closed: false,
    closed_on: null,
    closed_by: '',
    deleted: false,
    deleted_on: null,
    deletion_id: null,
    external_id: '',
    location_id: null,
    case_json: '{}',
  };
  return { row, properties: {}, indices: new Map() };
}

/**
 * Applies one case block, by HQ's rules: a create block sets known properties only, empty known properties change
 * nothing, an index with an empty id is removed. `fallbackDate` stands in for an absent date_modified.
 * @returns the transaction's type bits and client date
 */
export function applyUpdate(
  state: CaseState,
  update: CaseUpdate,
  formUserId: string | null,
  fallbackDate: string,
): { type: number; clientDate: string } {
  const { row } = state;
  const userId = update.userId === '' ? (formUserId ?? '') : update.userId;
  const modifiedOn = update.dateModified === '' ? fallbackDate : toUtc(update.dateModified);
  if (update.create !== null) setColumns(row, update.create);
  if (update.update !== null) applyProperties(state, update.update);
  if (update.closes) {
    row.closed = true;
    row.closed_on = modifiedOn;
    row.closed_by = userId;
  }
  applyIndices(state, update);
  if (userId !== '') row.modified_by = userId;
  if (row.modified_on === '' || toMicros(modifiedOn) > toMicros(row.modified_on))
    row.modified_on = modifiedOn;
  row.opened_on ??= modifiedOn;
  if (row.opened_by === '') row.opened_by = userId;
  if (row.owner_id === '') row.owner_id = userId;
  row.case_json = JSON.stringify(state.properties);
  return { type: typeBits(update), clientDate: modifiedOn };
}

/** Clears what forms wrote, before the case is rebuilt from the forms that remain. */
export function resetCase(state: CaseState, now: string): void {
  const blank = newCase(state.row.domain, state.row.case_id, now).row;
  const { deleted_on, deletion_id } = state.row;
  state.row = { ...blank, deleted_on, deletion_id };
  state.properties = {};
  state.indices.clear();
}

function setColumns(row: CaseRow, properties: JsonObject): void {
  for (const [name, column] of Object.entries(COLUMN_OF)) {
    const text = textOf(properties[name]);
    if (text === '') continue;
    if (text.length > 255)
      throw new LakeError('RECORD_UNREADABLE', `The case property ${name} is longer than 255`);
    row[column] = column === 'opened_on' ? toUtc(text) : text;
  }
}

function applyProperties(state: CaseState, properties: JsonObject): void {
  setColumns(state.row, properties);
  for (const [name, value] of Object.entries(properties)) {
    if (Object.hasOwn(COLUMN_OF, name) || RESTRICTED.has(name)) continue;
    if (name === 'location_id') state.row.location_id = textOf(value);
    else if (name === 'name') state.row.name = textOf(value);
    else state.properties[name] = value;
    if (name === 'hq_user_id') state.row.external_id = textOf(value);
  }
}

function applyIndices(state: CaseState, update: CaseUpdate): void {
  for (const index of update.indices) {
    if (index.referencedId === '') {
      state.indices.delete(index.identifier);
      continue;
    }
    state.indices.set(index.identifier, {
      case_id: state.row.case_id,
      domain: state.row.domain,
      identifier: index.identifier,
      referenced_id: index.referencedId,
      referenced_type: index.referencedType,
      relationship_id: index.relationship === 'child' ? 1 : 2,
    });
  }
}

function typeBits(update: CaseUpdate): number {
  return (
    TRANSACTION.form |
    (update.create === null ? 0 : TRANSACTION.create) |
    (update.closes ? TRANSACTION.close : 0) |
    (update.indices.length === 0 ? 0 : TRANSACTION.index)
  );
}

function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const text = value['#text'];
  return typeof text === 'string' ? text : '';
}
