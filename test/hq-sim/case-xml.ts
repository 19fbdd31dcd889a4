import { LakeError } from '../../orchestrator/errors.js';
import type { JsonObject, JsonValue } from '../../orchestrator/types.js';
import { childNamed, descendants, type XmlElement } from './xml-tree.js';

export const CASE_XMLNS = 'http://commcarehq.org/case/transaction/v2';

interface IndexUpdate {
  readonly identifier: string;
  readonly referencedType: string;
  /** Empty = the index is removed. */
  readonly referencedId: string;
  readonly relationship: 'child' | 'extension';
}

/** One case block of a form, as HQ reads it. */
export interface CaseUpdate {
  readonly caseId: string;
  readonly userId: string;
  /** As the phone wrote it; '' when absent. */
  readonly dateModified: string;
  readonly create: JsonObject | null;
  readonly update: JsonObject | null;
  readonly closes: boolean;
  readonly indices: readonly IndexUpdate[];
}

/**
 * Every case block of the form, wherever it stands; those that create come first, as in HQ.
 * @throws LakeError RECORD_UNREADABLE for a block without case_id or an index without case_type (HQ makes the
 * whole form an XFormError)
 */
export function caseUpdatesOf(root: XmlElement): CaseUpdate[] {
  const updates: CaseUpdate[] = [];
  for (const element of descendants(root)) {
    if (element.name === 'case' && element.namespace === CASE_XMLNS) updates.push(readBlock(element));
  }
  return updates.sort((a, b) => Number(b.create !== null) - Number(a.create !== null));
}

function readBlock(block: XmlElement): CaseUpdate {
  const caseId = block.attributes['case_id'];
  if (caseId === undefined || caseId === '') {
    throw new LakeError('RECORD_UNREADABLE', 'A case block has no case_id');
  }
  return {
    caseId,
    userId: block.attributes['user_id'] ?? '',
    dateModified: block.attributes['date_modified'] ?? '',
    create: propertiesOf(childNamed(block, 'create')),
    update: propertiesOf(childNamed(block, 'update')),
    closes: childNamed(block, 'close') !== undefined,
    indices: (childNamed(block, 'index')?.children ?? []).map(readIndex),
  };
}

function readIndex(element: XmlElement): IndexUpdate {
  const referencedType = element.attributes['case_type'];
  if (referencedType === undefined) throw new LakeError('RECORD_UNREADABLE', 'A case index has no case_type');
  return {
    identifier: element.name,
    referencedType,
    referencedId: element.text.trim(),
    relationship: element.attributes['relationship'] === 'extension' ? 'extension' : 'child',
  };
}

/** The block's properties; of a repeated one HQ keeps the last. Null when there is nothing in the block. */
function propertiesOf(element: XmlElement | undefined): JsonObject | null {
  if (element === undefined || element.children.length === 0) return null;
  const properties: JsonObject = {};
  for (const child of element.children) properties[child.name] = valueOf(child, element.namespace);
  return properties;
}

/** Text, or an object when the element has attributes, a foreign namespace or children. */
function valueOf(element: XmlElement, parentNamespace: string): JsonValue {
  const value: JsonObject = {};
  for (const [name, text] of Object.entries(element.attributes)) value[`@${name}`] = text;
  if (element.namespace !== '' && element.namespace !== parentNamespace) value['@xmlns'] = element.namespace;
  for (const child of element.children) {
    const one = valueOf(child, element.namespace);
    const earlier = value[child.name];
    if (earlier === undefined) value[child.name] = one;
    else if (Array.isArray(earlier)) earlier.push(one);
    else value[child.name] = [earlier, one];
  }
  if (Object.keys(value).length === 0) return element.text;
  if (element.text.trim() !== '') value['#text'] = element.text;
  return value;
}
