import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { FORM_TYPES } from './form-types.js';
import { DOMAIN } from './options.js';
import { LEVELS } from './places.js';

/** The lake configuration of the programme's domain (design section 11). */
export function lakeConfigText(domain = DOMAIN): string {
  const forms = Object.entries(FORM_TYPES).map(([name, { xmlns }]) => [xmlns, { name }] as const);
  return stringify({
    domains: {
      [domain]: {
        location_levels: [...LEVELS],
        record_location: ['owner', 'user'],
        locations: true,
        cases: { child_care: {}, member: {} },
        forms: Object.fromEntries(forms),
      },
    },
  });
}

/** Writes the configuration file, replacing one that is there. */
export async function writeLakeConfig(path: string, domain = DOMAIN): Promise<void> {
  await writeFile(path, lakeConfigText(domain));
}
