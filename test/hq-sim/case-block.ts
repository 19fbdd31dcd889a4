import { CASE_XMLNS } from './case-xml.js';
import { element, fields, writeXml, type XmlNode } from './xml-writer.js';

/** What a form does to one case. */
export interface CaseBlock {
  readonly caseId: string;
  readonly dateModified: string;
  readonly userId: string;
  readonly create?: { readonly type: string; readonly name: string; readonly ownerId: string };
  readonly update?: Readonly<Record<string, string>>;
  /** Elements that are more than text (attributes, children). */
  readonly updateNodes?: readonly XmlNode[];
  /** identifier → referenced case; an empty id removes the index. */
  readonly index?: Readonly<
    Record<
      string,
      { readonly type: string; readonly id: string; readonly relationship?: 'child' | 'extension' }
    >
  >;
  readonly close?: boolean;
}

export function caseBlock(block: CaseBlock): XmlNode {
  const parts: XmlNode[] = [];
  if (block.create !== undefined) {
    const { type, name, ownerId } = block.create;
    parts.push(element('create', fields({ case_type: type, case_name: name, owner_id: ownerId })));
  }
  const updates = [...fields(block.update ?? {}), ...(block.updateNodes ?? [])];
  if (updates.length > 0) parts.push(element('update', updates));
  if (block.index !== undefined) {
    const indices = Object.entries(block.index).map(([identifier, { type, id, relationship }]) =>
      element(identifier, id, { case_type: type, ...(relationship === undefined ? {} : { relationship }) }),
    );
    parts.push(element('index', indices));
  }
  if (block.close === true) parts.push(element('close'));
  return element('case', parts, {
    case_id: block.caseId,
    date_modified: block.dateModified,
    user_id: block.userId,
    xmlns: CASE_XMLNS,
  });
}

/** A form as HQ submits to itself: nothing but case blocks. */
export function systemForm(
  formId: string,
  blocks: readonly CaseBlock[],
  at: string,
  deviceId: string,
): string {
  const meta = element(
    'meta',
    fields({
      deviceID: deviceId,
      timeStart: at,
      timeEnd: at,
      username: 'system',
      userID: 'system',
      instanceID: formId,
    }),
    { xmlns: 'http://openrosa.org/jr/xforms' },
  );
  return writeXml(
    element('system', [...blocks.map(caseBlock), meta], {
      version: '1',
      uiVersion: '1',
      xmlns: 'http://commcarehq.org/case',
      'xmlns:orx': 'http://openrosa.org/jr/xforms',
    }),
  );
}
