import type { JsonObject, JsonValue } from '../../types.js';
import { normalizedDatetime } from './datetime.js';
import { MAX_DEPTH } from './limits.js';
import { addChild, attributeKey, valueOf, type XmlRoot } from './xml-value.js';

/**
 * Rules 1-8 for plain XML, which nearly every form is: an XML declaration, elements, attributes, text, the five
 * entities and character references, ASCII names. It judges nothing: whatever is not plain, well formed or not, is
 * left to saxes (xml-tree.ts), which is slower. Tests hold the two equal on generated documents.
 * @returns undefined when the document is not plain
 */
export function plainXmlTree(xml: string): XmlRoot | undefined {
  try {
    return new PlainReader(xml).root();
  } catch (thrown) {
    if (thrown === NOT_PLAIN) return undefined;
    throw thrown;
  }
}

/** Thrown wherever a document stops being plain; made once, because a stack trace is dear and nobody reads it. */
const NOT_PLAIN = new Error('not plain XML');

const [TAB, NEWLINE, SPACE] = [0x09, 0x0a, 0x20];
const [BANG, QUOTE, AMPERSAND, APOSTROPHE, SLASH, COLON] = [0x21, 0x22, 0x26, 0x27, 0x2f, 0x3a];
const [LESS, EQUALS, GREATER, QUESTION, BRACKET] = [0x3c, 0x3d, 0x3e, 0x3f, 0x5d];

const DECLARATION =
  /^<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?: standalone=(?:"(?:yes|no)"|'(?:yes|no)'))? ?\?>/;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** `xml` and what begins with it has a meaning of its own as a prefix and as a namespace. */
const RESERVED_PREFIX = /^xml/i;
const RESERVED_URI = /w3\.org\/(?:XML\/1998\/namespace|2000\/xmlns)/;

/** By ASCII code: 1 = may stand in a name, 2 = may also begin one. The colon is looked for by itself. */
const NAME_CLASS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(letter)) return 2;
  return /[0-9.-]/.test(letter) ? 1 : 0;
});

class PlainReader {
  readonly #xml: string;
  #at: number;
  /** Of the local name skipped last. */
  #hash = 0;
  /** Local name of the element read last. */
  #local = '';
  /** Prefixes in scope, the innermost last, and their namespaces. */
  readonly #prefixes: string[] = [];
  readonly #uris: string[] = [];
  #defaultUri = '';

  constructor(xml: string) {
    this.#xml = xml;
    this.#at = DECLARATION.exec(xml)?.[0].length ?? 0;
  }

  root(): XmlRoot {
    this.#skipBlanks();
    if (this.#code() !== LESS) throw NOT_PLAIN;
    const value = this.#element('', 0);
    const name = this.#local;
    this.#skipBlanks();
    if (this.#at !== this.#xml.length) throw NOT_PLAIN;
    return { name, value };
  }

  /** From `<` to behind the end tag. */
  #element(parentUri: string, depth: number): JsonValue {
    if (depth === MAX_DEPTH) throw NOT_PLAIN;
    const scope = this.#prefixes.length;
    const outerDefault = this.#defaultUri;
    const nameAt = ++this.#at;
    const colon = this.#skipName();
    const nameEnd = this.#at;
    const local = this.#name(colon < 0 ? nameAt : colon + 1, nameEnd, this.#hash);
    const attributes = this.#attributes();
    const uri = colon < 0 ? this.#defaultUri : this.#resolved(this.#xml.slice(nameAt, colon));
    const object = this.#opened(attributes, uri === parentUri ? '' : uri);
    const value = this.#isSelfClosed()
      ? valueOf(object, '')
      : this.#content(object, uri, depth, nameAt, nameEnd);
    if (this.#prefixes.length > scope) {
      this.#prefixes.length = scope;
      this.#uris.length = scope;
    }
    this.#defaultUri = outerDefault;
    this.#local = local;
    return value;
  }

  /** Behind the start tag's `>`, to behind the end tag. */
  #content(
    object: JsonObject | undefined,
    uri: string,
    depth: number,
    nameAt: number,
    nameEnd: number,
  ): JsonValue {
    const text = this.#text();
    let into = object;
    while (this.#xml.charCodeAt(this.#at + 1) !== SLASH) {
      const child = this.#element(uri, depth + 1);
      addChild((into ??= {}), this.#local, child);
      // Text behind a child is lost (rule 5), but has to be well formed.
      this.#text();
    }
    const xml = this.#xml;
    const shift = this.#at + 2 - nameAt;
    for (let at = nameAt; at < nameEnd; at++) {
      if (xml.charCodeAt(at) !== xml.charCodeAt(at + shift)) throw NOT_PLAIN;
    }
    if (xml.charCodeAt(nameEnd + shift) !== GREATER) throw NOT_PLAIN;
    this.#at = nameEnd + shift + 1;
    return valueOf(into, text);
  }

  /** At `/>` or `>`, and behind it. */
  #isSelfClosed(): boolean {
    const selfClosed = this.#code() === SLASH;
    if (selfClosed) this.#at++;
    if (this.#code() !== GREATER) throw NOT_PLAIN;
    this.#at++;
    return selfClosed;
  }

  /** To the next `<` of a tag. */
  #text(): string {
    const xml = this.#xml;
    let text = '';
    let from = this.#at;
    for (let at = from; ; at++) {
      const code = xml.charCodeAt(at);
      if (code === LESS) {
        if (xml.charCodeAt(at + 1) === BANG || xml.charCodeAt(at + 1) === QUESTION) throw NOT_PLAIN;
        this.#at = at;
        return text === '' ? xml.slice(from, at) : text + xml.slice(from, at);
      }
      if (code === AMPERSAND) {
        text += xml.slice(from, at) + this.#reference(at);
        from = this.#at;
        at = from - 1;
      } else if (code === BRACKET) {
        // `]]>` is forbidden in text; one bracket among letters is not.
        const next = xml.charCodeAt(at + 1);
        if (next === BRACKET || next === LESS || next === AMPERSAND) throw NOT_PLAIN;
      } else if (!isPlainCharacter(code)) throw NOT_PLAIN;
    }
  }

  /** Pairs of name and value, flat; namespace declarations are taken at once, as they count for the whole tag. */
  #attributes(): readonly string[] {
    if (!isSpace(this.#code())) return NONE;
    const pairs: string[] = [];
    const scope = this.#prefixes.length;
    let hasDefault = false;
    for (;;) {
      if (!isSpace(this.#code())) return pairs;
      this.#skipBlanks();
      const next = this.#code();
      if (next === GREATER || next === SLASH) return pairs;
      const nameAt = this.#at;
      const colon = this.#skipName();
      const name = this.#xml.slice(nameAt, this.#at);
      const value = this.#attributeValue();
      if (name === 'xmlns') {
        if (hasDefault) throw NOT_PLAIN;
        hasDefault = true;
        this.#defaultUri = plainUri(value);
      } else if (colon === nameAt + 5 && name.startsWith('xmlns')) {
        const prefix = name.slice(6);
        if (value === '' || RESERVED_PREFIX.test(prefix) || this.#prefixes.indexOf(prefix, scope) >= 0)
          throw NOT_PLAIN;
        this.#prefixes.push(prefix);
        this.#uris.push(plainUri(value));
      } else pairs.push(name, value);
    }
  }

  /** Rules 2 and 3. @param uri the element's namespace where it is to be shown, else '' */
  #opened(attributes: readonly string[], uri: string): JsonObject | undefined {
    if (attributes.length === 0 && uri === '') return undefined;
    const object: JsonObject = {};
    for (let at = 0; at < attributes.length; at += 2) {
      const key = this.#attributeKey(attributes[at] ?? '');
      if (Object.hasOwn(object, key)) throw NOT_PLAIN;
      object[key] = normalizedDatetime(attributes[at + 1] ?? '');
    }
    if (uri !== '') object['@xmlns'] = normalizedDatetime(uri);
    return object;
  }

  #attributeKey(name: string): string {
    const colon = name.indexOf(':');
    return colon < 0
      ? attributeKey(name, '')
      : attributeKey(name.slice(colon + 1), this.#resolved(name.slice(0, colon)));
  }

  #resolved(prefix: string): string {
    const uri = this.#uris[this.#prefixes.lastIndexOf(prefix)];
    if (uri === undefined) throw NOT_PLAIN;
    return uri;
  }

  /** Behind the name, with `=` and the quoted value. */
  #attributeValue(): string {
    const xml = this.#xml;
    const quote = xml.charCodeAt(this.#at + 1);
    if (this.#code() !== EQUALS || (quote !== QUOTE && quote !== APOSTROPHE)) throw NOT_PLAIN;
    let value = '';
    let from = this.#at + 2;
    for (let at = from; ; at++) {
      const code = xml.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return value + xml.slice(from, at);
      }
      if (code === AMPERSAND) {
        value += xml.slice(from, at) + this.#reference(at);
        from = this.#at;
        at = from - 1;
      } else if (code === LESS || code < SPACE || !isPlainCharacter(code)) throw NOT_PLAIN;
    }
  }

  /** What `&…;` stands for; leaves #at behind it. */
  #reference(from: number): string {
    const end = this.#xml.indexOf(';', from);
    // The longest is `&#x10ffff;`.
    if (end < 0 || end - from > 9) throw NOT_PLAIN;
    this.#at = end + 1;
    const name = this.#xml.slice(from + 1, end);
    const entity = ENTITIES[name];
    if (entity !== undefined && Object.hasOwn(ENTITIES, name)) return entity;
    const [, decimal, hexadecimal] = /^#(?:([0-9]+)|x([0-9A-Fa-f]+))$/.exec(name) ?? [];
    const code = decimal === undefined ? parseInt(hexadecimal ?? '', 16) : Number(decimal);
    if (!isPlainCharacter(code)) throw NOT_PLAIN;
    return String.fromCharCode(code);
  }

  /** A local name as a string that is known: not a slice, which would hold its whole document. */
  #name(from: number, end: number, hash: number): string {
    const known = names.get(hash);
    if (known !== undefined && this.#stands(known, from, end)) return known;
    if (names.size >= MAX_NAMES) names.clear();
    const [name = ''] = Object.keys({ [this.#xml.slice(from, end)]: 0 });
    names.set(hash, name);
    return name;
  }

  #stands(name: string, from: number, end: number): boolean {
    if (name.length !== end - from) return false;
    for (let at = from; at < end; at++) {
      if (this.#xml.charCodeAt(at) !== name.charCodeAt(at - from)) return false;
    }
    return true;
  }

  /** @returns where the name's colon stands, or -1; leaves the hash of what is behind it */
  #skipName(): number {
    const xml = this.#xml;
    let colon = -1;
    let hash = 0;
    let at = this.#at;
    let code = xml.charCodeAt(at);
    if (!beginsName(code)) throw NOT_PLAIN;
    for (;;) {
      if (code < 128 && NAME_CLASS[code] !== 0) hash = (Math.imul(hash, 31) + code) | 0;
      else if (code === COLON) {
        if (colon >= 0 || !beginsName(xml.charCodeAt(at + 1))) throw NOT_PLAIN;
        colon = at;
        hash = 0;
      } else break;
      code = xml.charCodeAt(++at);
    }
    this.#at = at;
    this.#hash = hash;
    return colon;
  }

  #skipBlanks(): void {
    while (isSpace(this.#code())) this.#at++;
  }

  #code(): number {
    return this.#xml.charCodeAt(this.#at);
  }
}

const NONE: readonly string[] = [];

/**
 * Forms have the same few hundred names over and over. By a hash of their letters they are found without making a
 * string, and a string that is an object's key already is found in objects several times faster.
 */
const names = new Map<number, string>();
const MAX_NAMES = 20_000;

function isSpace(code: number): boolean {
  return code === SPACE || code === NEWLINE || code === TAB;
}

function beginsName(code: number): boolean {
  return code < 128 && NAME_CLASS[code] === 2;
}

/** Neither forbidden, nor a carriage return, nor half of a pair; false too for NaN, the end of the document. */
function isPlainCharacter(code: number): boolean {
  return (
    (code >= SPACE && (code < 0xd800 || (code > 0xdfff && code < 0xfffe))) || code === NEWLINE || code === TAB
  );
}

function plainUri(value: string): string {
  if (value.trim() !== value || RESERVED_URI.test(value)) throw NOT_PLAIN;
  return value;
}
