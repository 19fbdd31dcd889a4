import { SaxesParser, type SaxesAttributeNS, type SaxesTagNS } from 'saxes';
import type { JsonObject, JsonValue } from '../../types.js';
import { normalizedDatetime } from './datetime.js';

/** Deeper XML is hostile: no form nests so far, and whatever walks the tree later must not overflow. */
export const MAX_DEPTH = 1_000;

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
export function xmlTree(xml: string, positions: boolean): { name: string; value: JsonValue } {
  const parser = new SaxesParser({ xmlns: true, position: positions });
  const open: OpenElement[] = [];
  let current: OpenElement | undefined;
  let root: { name: string; value: JsonValue } | undefined;
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
    const value = valueOf(closing);
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
    const name = attribute.uri === '' ? attribute.local : `{${attribute.uri}}${attribute.local}`;
    object[`@${name}`] = normalizedDatetime(attribute.value);
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

/** Rule 5: the string itself, or an object with `#text` only if the text is not blank. */
function valueOf({ object, text }: OpenElement): JsonValue {
  if (object === undefined) return normalizedDatetime(text);
  if (text !== '' && !isBlank(text)) object['#text'] = normalizedDatetime(text);
  return object;
}

/** Rule 4: the second child of one name turns the value into a list. */
function addChild(object: JsonObject, name: string, value: JsonValue): void {
  const prior = object[name];
  // An element may be called `constructor` or `__proto__`: only what the object itself owns is a sibling.
  if (prior === undefined || !Object.hasOwn(object, name)) setOwn(object, name, value);
  else if (Array.isArray(prior)) prior.push(value);
  else setOwn(object, name, [prior, value]);
}

function setOwn(object: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

/** Blank as Python's strip() sees it: unlike JavaScript it counts U+0085, and does not count U+FEFF. */
function isBlank(text: string): boolean {
  return !/[^\s\u0085]|\ufeff/.test(text);
}
