import type { JsonObject } from '../../types.js';
import { decodedXml } from './decode.js';
import { cleanMeta } from './meta.js';
import { COUNT_MARKS_FROM_BYTES, MAX_DEPTH, MAX_MARKS, MAX_XML_BYTES } from './limits.js';
import { plainXmlTree } from './plain-xml.js';
import { TooDeep, xmlTree } from './xml-tree.js';

export type FormJson = { readonly form: JsonObject } | { readonly reason: string };

/**
 * A form's XML as HQ's `form` JSON, by the nine rules (README.md beside this file). Hostile or damaged input gives a
 * reason without record content, never an exception and never an empty form.
 */
export function formJson(xml: Uint8Array): FormJson {
  if (xml.byteLength > MAX_XML_BYTES) return { reason: `form XML is larger than ${MAX_XML_BYTES} bytes` };
  const text = decodedXml(xml);
  if (text === undefined) return { reason: 'form XML is not valid in its encoding' };
  if (xml.byteLength > COUNT_MARKS_FROM_BYTES && hasTooManyMarks(text))
    return { reason: `form XML has more than ${MAX_MARKS} tags and attributes` };
  try {
    const { name, value } = plainXmlTree(text) ?? xmlTree(text, false);
    const form: JsonObject = asObject(value);
    form['#type'] = name;
    cleanMeta(form);
    return { form };
  } catch (error) {
    if (error instanceof TooDeep) return { reason: `form XML nests deeper than ${MAX_DEPTH} elements` };
    return { reason: `form XML does not parse${placeOfFault(text)}` };
  }
}

/** By what tags and attributes are written with, so a text full of `="` counts too; no form is near. */
function hasTooManyMarks(text: string): boolean {
  let marks = 0;
  for (const mark of ['<', '="', "='"])
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length))
      if (++marks > MAX_MARKS) return true;
  return false;
}

/** A root without namespace, attributes and children is a mere string; HQ refuses it, we keep its text. */
function asObject(value: unknown): JsonObject {
  if (typeof value === 'string') return value === '' ? {} : { '#text': value };
  return value as JsonObject;
}

/** Counting lines costs time on every form, so it is done a second time only for those that fail. */
function placeOfFault(text: string): string {
  try {
    xmlTree(text, true);
    return '';
  } catch (error) {
    const place = error instanceof Error ? /^(?:.*:)?(\d+):(\d+): /.exec(error.message) : null;
    return place === null ? '' : ` at line ${place[1] ?? ''}, column ${place[2] ?? ''}`;
  }
}
