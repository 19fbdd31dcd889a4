/** XML text built from values; everything that comes in as text is escaped. */
export type XmlContent = string | readonly XmlNode[];

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: XmlContent;
}

export function element(
  name: string,
  content: XmlContent = '',
  attributes: Readonly<Record<string, string>> = {},
): XmlNode {
  return { name, attributes, content };
}

/** One element per entry: `{weight: '2.9'}` is `<weight>2.9</weight>`. */
export function fields(values: Readonly<Record<string, string>>): XmlNode[] {
  return Object.entries(values).map(([name, text]) => element(name, text));
}

export function writeXml(node: XmlNode): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escape(value).replaceAll('"', '&quot;')}"`)
    .join('');
  const inner = typeof node.content === 'string' ? escape(node.content) : node.content.map(writeXml).join('');
  return inner === '' ? `<${node.name}${attributes}/>` : `<${node.name}${attributes}>${inner}</${node.name}>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
