import { SaxesParser } from 'saxes';
import { LakeError } from '../../orchestrator/errors.js';

/** An element of a form: local name, namespace, attributes without xmlns declarations, children in order. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  /** By name; a namespaced attribute by `{uri}name`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** Text before the first child, untrimmed; HQ loses the rest. */
  text: string;
}

/** @throws LakeError RECORD_UNREADABLE when the text is not well-formed XML */
export function parseXml(xml: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  parser.on('error', (cause) => {
    throw new LakeError('RECORD_UNREADABLE', 'The form is not well-formed XML', { cause });
  });
  parser.on('opentag', (tag) => {
    const attributes: Record<string, string> = {};
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix === 'xmlns' || attribute.name === 'xmlns') continue;
      attributes[attribute.uri === '' ? attribute.local : `{${attribute.uri}}${attribute.local}`] =
        attribute.value;
    }
    const element: XmlElement = { name: tag.local, namespace: tag.uri, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (text: string): void => {
    const parent = open.at(-1);
    if (parent?.children.length === 0) parent.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  if (root === undefined) throw new LakeError('RECORD_UNREADABLE', 'The form holds no element');
  return root;
}

export function childNamed(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** Every element below (and with) this one, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
}
