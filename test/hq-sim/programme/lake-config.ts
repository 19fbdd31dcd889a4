import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { FORM_TYPES } from './form-types.js';
import { DOMAIN } from './options.js';
import { LEVELS } from './places.js';

/** The lake configuration of the programme's domains (design section 11). */
export function lakeConfigText(...domains: readonly string[]): string {
  const forms = Object.entries(FORM_TYPES).map(([name, { xmlns }]) => [xmlns, { name }] as const);
  const kept = {
    location_levels: [...LEVELS],
    record_location: ['owner', 'user'],
    locations: true,
    cases: { child_care: {}, member: {} },
    forms: Object.fromEntries(forms),
  };
  const names = domains.length === 0 ? [DOMAIN] : domains;
  // The same settings in each, written out: no YAML anchors.
  return stringify(
    { domains: Object.fromEntries(names.map((name) => [name, kept])) },
    { aliasDuplicateObjects: false },
  );
}

/** Writes the configuration file, replacing one that is there. */
export async function writeLakeConfig(path: string, domains: readonly string[]): Promise<void> {
  await writeFile(path, lakeConfigText(...domains));
}
