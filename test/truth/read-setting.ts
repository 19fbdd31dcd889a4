import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Setting } from './world.js';

interface Configuration {
  readonly domains?: Readonly<
    Record<string, { readonly location_levels?: readonly string[]; readonly time_zone?: string } | undefined>
  >;
}

/** A domain's levels and time zone, read from lake.yaml without the product's code. */
export function readSetting(path: string, domain: string): Setting {
  const { domains } = parse(readFileSync(path, 'utf8')) as Configuration;
  const own = domains?.[domain];
  if (own === undefined) throw new Error(`${path} does not name the domain ${domain}`);
  return { domain, levels: own.location_levels ?? [], timeZone: own.time_zone ?? 'UTC' };
}
