import { parse as parseLossless } from 'lossless-json';
import type { JsonObject, JsonValue } from '../types.js';
import { MAX_DEPTH } from './form-json/limits.js';

/**
 * JSON text of HQ's (case_json, metadata) as an object. It is parsed here because Postgres' jsonb refuses \u0000.
 * Numbers keep their spelling (`1.0`, `1e2`, 20 digits): those that JavaScript would write otherwise become texts,
 * which every free value is in the lake anyway.
 * @param text null or empty means an empty object
 * @returns a string when it cannot be taken: the reason, without content
 */
export function jsonTree(text: string | null): JsonObject | string {
  if (text === null || text === '') return {};
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    return 'is not valid JSON';
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'is not a JSON object';
  if (nestsDeeper(parsed, MAX_DEPTH)) return `nests deeper than ${MAX_DEPTH}`;
  return holdsRespelledNumber(text) ? withSpelledNumbers(text) : parsed;
}

function nestsDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}

/**
 * Numbers that are not plain integers of up to 15 digits, where one may stand in an object: behind a key, or in a list.
 * In a text the like may stand too.
 */
const NUMBER = /(?:"\s*:|[[,])\s*(-?\d+[.eE][\d.eE+-]*|-0|-?\d{16,})/g;

/** Whether the text may hold a number that JavaScript spells otherwise; never false when it does. */
function holdsRespelledNumber(text: string): boolean {
  for (const [, spelling = ''] of text.matchAll(NUMBER))
    if (String(Number(spelling)) !== spelling) return true;
  return false;
}

/**
 * The text is known to be sound. Takes six times as long as JSON.parse, so it is left to the few texts that need it.
 */
function withSpelledNumbers(text: string): JsonObject {
  return parseLossless(text, null, {
    parseNumber: (spelling) => spelling,
    // As JSON.parse, and HQ: the last one counts.
    onDuplicateKey: ({ newValue }) => newValue,
  }) as JsonObject;
}
