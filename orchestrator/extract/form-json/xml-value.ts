import type { JsonObject, JsonValue } from '../../types.js';
import { normalizedDatetime } from './datetime.js';

/** A document's root: its local name, and what rules 1-8 make of it. */
export interface XmlRoot {
  readonly name: string;
  readonly value: JsonValue;
}

/** Rule 5: the string itself, or an object with `#text` only if the text is not blank. */
export function valueOf(object: JsonObject | undefined, text: string): JsonValue {
  if (object === undefined) return normalizedDatetime(text);
  if (text !== '' && !isBlank(text)) object['#text'] = normalizedDatetime(text);
  return object;
}

/** Rule 2: the key of an attribute. */
export function attributeKey(local: string, uri: string): string {
  return uri === '' ? `@${local}` : `@{${uri}}${local}`;
}

/** Rule 4: the second child of one name turns the value into a list. */
export function addChild(object: JsonObject, name: string, value: JsonValue): void {
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
