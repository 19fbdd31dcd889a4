import type { JsonObject, JsonValue } from '../types.js';
import { MAX_DEPTH } from './form-json/limits.js';

/**
 * JSON text of HQ's (case_json, metadata) as an object. It is parsed here because Postgres' jsonb refuses \u0000.
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
  return nestsDeeper(parsed, MAX_DEPTH) ? `nests deeper than ${MAX_DEPTH}` : parsed;
}

function nestsDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => nestsDeeper(inner, levels - 1));
}
