import { textOf, type Tree, type Value } from './tree.js';

export const FORM_XMLNS = 'http://openrosa.org/formdesigner/';
const META_XMLNS = 'http://openrosa.org/jr/xforms';
/** Spelled as HQ spells every datetime, so it stays as it is. */
const TIME = '2024-05-06T07:08:09.000000Z';

/** The XML that HQ's rules read as this tree: `@…` are attributes, `#text` stands before the children. */
export function formXml(tree: Tree, xmlns: string, id: string): string {
  const meta = `<n:meta xmlns:n="${META_XMLNS}"><n:timeEnd>${TIME}</n:timeEnd><n:userID>user</n:userID><n:instanceID>${id}</n:instanceID></n:meta>`;
  return `<?xml version="1.0" encoding="UTF-8"?><data xmlns="${escape(xmlns)}">${children(tree)}${meta}</data>`;
}

/** What HQ makes of that XML. */
export function formTreeOf(tree: Tree, xmlns: string, id: string): Tree {
  const meta: [string, Value][] = [
    ['@xmlns', META_XMLNS],
    ['timeEnd', TIME],
    ['userID', 'user'],
    ['instanceID', id],
  ];
  return new Map<string, Value>([['@xmlns', xmlns], ...tree, ['meta', new Map(meta)], ['#type', 'data']]);
}

function children(tree: Tree): string {
  return [...tree]
    .filter(([key]) => !key.startsWith('@') && key !== '#text')
    .map(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) => element(key, each)).join(''),
    )
    .join('');
}

function element(name: string, value: Value): string {
  if (!(value instanceof Map)) return `<${name}>${escape(textOf(value) ?? '')}</${name}>`;
  const attributes = [...value]
    .filter(([key]) => key.startsWith('@'))
    .map(([key, text]) => ` ${key.slice(1)}="${escape(textOf(text) ?? '')}"`);
  const own = escape(textOf(value.get('#text')) ?? '');
  return `<${name}${attributes.join('')}>${own}${children(value)}</${name}>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
