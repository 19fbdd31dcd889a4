import { pick } from './seeded.js';

type Random = () => number;

const NAMES = [
  'a',
  'b',
  'data',
  'long_question_name_1',
  'constructor',
  '__proto__',
  'x-1.2',
  'n0:case',
  'n1:a',
  'meta',
];
const ODD_NAMES = ['ü', '1a', 'xml:a', 'xmlns:a', 'a:b:c', ':a', 'a:', '-a', 'Ω1', 'xmlns', 'none:a'];
const TEXTS = [
  '',
  'yes',
  'plain text',
  ' 3.1 ',
  '\n\t',
  '2015-04-17T16:04:42+05:30',
  'बच्चा',
  'x]y',
  '"q"',
  "it's",
  'a > b',
];
const ODD_TEXTS = [
  ']]>',
  ']]',
  ']',
  '\u0000',
  '\u0001',
  '\r\n',
  '\r',
  '\ufffe',
  '\uffff',
  '😀',
  '\u0085',
  '\u2028',
  '<',
  '\ufeff',
];
const REFERENCES = [
  '&lt;',
  '&amp;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#65;',
  '&#x9;',
  '&#xA;',
  '&#13;',
  '&#x1F600;',
  '&#93;',
];
const ODD_REFERENCES = [
  '&',
  '&;',
  '&nbsp;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&#xFFFE;',
  '&#a;',
  '&toString;',
  '&# 65;',
  '&lt',
];
const URIS = ['urn:a', 'urn:b', 'http://openrosa.org/jr/xforms', ''];
const ODD_URIS = [
  ' urn:a ',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2000/xmlns/',
  'urn:&amp;',
  'é',
];
const HEADS = [
  '',
  "<?xml version='1.0' ?>",
  '<?xml version="1.0" encoding="UTF-8"?>\n',
  '<?xml version="1.0" standalone="yes"?>',
];
const ODD_HEADS = [
  ' <?xml version="1.0"?>',
  '<?xml version="1.1"?>',
  '<?xml?>',
  '<!DOCTYPE a>',
  '<!-- c -->',
  '<?pi x?>',
  '\ufeff',
  'x',
];
const ODD_PIECES = [
  '<!-- c -->',
  '<!-- a--b -->',
  '<![CDATA[<z>]]>',
  '<![CDATA[]]',
  '<?pi?>',
  '<a>',
  '</a>',
  '<',
  '</',
  '<a',
  '<!',
  '/>',
];

/**
 * A document that is nearly plain XML: `oddity` (0 to 1) is how often something comes that a plain reader may not know,
 * or that no XML may hold. Afterwards letters may be struck out, doubled or swapped.
 */
export function randomXml(random: Random, oddity: number): string {
  const odd = <T>(usual: readonly T[], rare: readonly T[]): T =>
    pick(random, random() < oddity ? rare : usual);
  const text = (): string =>
    random() < 0.15
      ? `${odd(TEXTS, ODD_TEXTS)}${odd(REFERENCES, ODD_REFERENCES)}${odd(TEXTS, ODD_TEXTS)}`
      : odd(TEXTS, ODD_TEXTS);
  const attribute = (): string => {
    const space = odd([' ', '\n', '  '], ['', '\t', '\r']);
    const equals = odd(['='], [' =', '= ', '']);
    const quote = odd(['"', "'"], ['', '`']);
    const name = odd([...NAMES, 'id', 'n1:id'], ODD_NAMES);
    return `${space}${name}${equals}${quote}${text()
      .replaceAll('"', '')
      .replaceAll("'", '')
      .replaceAll('<', random() < oddity ? '<' : '')}${quote}`;
  };
  const declaration = (): string => {
    const name = odd(
      ['xmlns', 'xmlns:n0', 'xmlns:n1'],
      ['xmlns:xml', 'xmlns:xmlns', 'xmlns:', 'xmlns:Xml1', 'xmlns:a:b'],
    );
    return ` ${name}="${odd(URIS, ODD_URIS)}"`;
  };
  const element = (depth: number): string => {
    const name = odd(NAMES, ODD_NAMES);
    // Most prefixes are declared at the root; here and there once more, or unset.
    const head = Array.from({ length: Math.floor(random() * 3) }, () =>
      random() < 0.4 ? declaration() : attribute(),
    );
    const open = `<${name}${head.join('')}${odd(['', ' '], ['\n', '/'])}`;
    if (random() < 0.15) return `${open}/>`;
    const children = depth > 4 ? 0 : Math.floor(random() * 4);
    const inner = Array.from({ length: children }, () => `${odd([element(depth + 1)], ODD_PIECES)}${text()}`);
    return `${open}>${text()}${inner.join('')}</${name}${odd([''], [' ', 'x'])}>`;
  };
  const root = element(0).replace(/^<([^\s/>]+)/, '<$1 xmlns:n0="urn:n0" xmlns:n1="urn:n1"');
  const xml = `${odd(HEADS, ODD_HEADS)}${root}${odd(['', '\n'], ['x', '<a/>', '<!-- c -->', '&lt;', '\u0000'])}`;
  return random() < oddity ? damaged(random, xml) : xml;
}

function damaged(random: Random, xml: string): string {
  const at = Math.floor(random() * xml.length);
  const other = Math.floor(random() * xml.length);
  return pick(random, [
    xml.slice(0, at) + xml.slice(at + 1),
    xml.slice(0, at),
    xml.slice(0, at) + (xml[other] ?? '') + xml.slice(at),
    xml.slice(0, at) + (xml[other] ?? '') + xml.slice(at + 1),
  ]);
}
