import { SaxesParser, type SaxesAttributeNS, type SaxesTagNS } from 'saxes';
import type { JsonObject } from '../../types.js';
import { normalizedDatetime } from './datetime.js';
import { MAX_DEPTH } from './limits.js';
import { addChild, attributeKey, valueOf, type XmlRoot } from './xml-value.js';

/** An element whose end has not come yet. */
interface OpenElement {
  readonly name: string;
  readonly uri: string;
  /** Text before the first child; what comes after is lost, as in HQ (rule 5). */
  text: string;
  hasChild: boolean;
  object: JsonObject | undefined;
}

export class TooDeep extends Error {}

/**
 * Rules 1-8 of XML → JSON (rule numbers in form-json/README.md). DTDs are read over and their entities never expanded: one
 * that is used makes the document unreadable.
 * @param positions count lines and columns for the error message (slower)
 * @throws Error of saxes when the document is not well formed; TooDeep
 */
export function xmlTree(xml: string, positions: boolean): XmlRoot {
  const parser = new SaxesParser({ xmlns: true, position: positions });
  const open: OpenElement[] = [];
  let current: OpenElement | undefined;
  let root: XmlRoot | undefined;
  const addText = (text: string): void => {
    if (current !== undefined && !current.hasChild) current.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('opentag', (tag) => {
    if (open.length === MAX_DEPTH) throw new TooDeep();
    const element = opened(tag, current?.uri ?? '');
    if (current !== undefined) current.hasChild = true;
    open.push(element);
    current = element;
  });
  parser.on('closetag', () => {
    const closing = open.pop();
    current = open.at(-1);
    if (closing === undefined) return;
    const value = valueOf(closing.object, closing.text);
    if (current === undefined) root = { name: closing.name, value };
    else addChild((current.object ??= {}), closing.name, value);
  });
  parser.write(xml).close();
  // close() has thrown for a document without a root element.
  return root ?? { name: '', value: '' };
}

/** Rules 2 and 3: attributes as `@name`, then `@xmlns` where the namespace is set and not the parent's. */
function opened(tag: SaxesTagNS, parentUri: string): OpenElement {
  let object: JsonObject | undefined;
  for (const key in tag.attributes) {
    const attribute = tag.attributes[key];
    if (attribute === undefined || isNamespaceDeclaration(attribute)) continue;
    object ??= {};
    object[attributeKey(attribute.local, attribute.uri)] = normalizedDatetime(attribute.value);
  }
  if (tag.uri !== '' && tag.uri !== parentUri) {
    object ??= {};
    object['@xmlns'] = normalizedDatetime(tag.uri);
  }
  return { name: tag.local, uri: tag.uri, text: '', hasChild: false, object };
}

/** saxes lists `xmlns` and `xmlns:x` among the attributes; to XML they are none. */
function isNamespaceDeclaration({ prefix, local }: SaxesAttributeNS): boolean {
  return prefix === 'xmlns' || (prefix === '' && local === 'xmlns');
}
