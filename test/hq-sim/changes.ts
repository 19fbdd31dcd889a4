import { CASE_CHANGES } from './change/cases.js';
import { FORM_CHANGES } from './change/forms.js';
import type { Kind } from './change/kind.js';
import { PLACE_CHANGES } from './change/places.js';

/** Every kind of change `hq-sim change` can make, by its name. */
export const CHANGES = { ...FORM_CHANGES, ...CASE_CHANGES, ...PLACE_CHANGES } as const;

export function findChange(name: string): Kind | undefined {
  return Object.hasOwn(CHANGES, name) ? (CHANGES as Readonly<Record<string, Kind>>)[name] : undefined;
}
