import { encodeComponent } from '../plan/table-names.js';

/** Where an aggregation's table of a domain is, relative to AGG_DATA_PATH. */
export function outputPath(domain: string, table: string): string {
  return `${encodeComponent(domain)}/${table}`;
}
