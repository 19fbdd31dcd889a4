import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FreshLake } from './fresh-lake.js';

/**
 * Every place below the lake's and the checkpoint's folders, and every row of the ledger, that holds one of the texts.
 * HQ's own stores are not looked at. Parquet pages are compressed: what tables hold is for the caller to look up too.
 */
export async function placesHolding(lake: FreshLake, ...texts: readonly string[]): Promise<string[]> {
  const holds = (content: string): boolean => texts.some((text) => content.includes(text));
  const checkpoint = new URL(lake.env['CHECKPOINT_BASE_DIR'] ?? '').pathname;
  const files = [lake.folder, checkpoint].flatMap(filesBelow).filter((file) => holds(contentOf(file)));
  return [...files, ...(await ledgerTablesHolding(lake, holds))];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function contentOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

async function ledgerTablesHolding(lake: FreshLake, holds: (content: string) => boolean): Promise<string[]> {
  const { rows: tables } = await lake.ledger.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await lake.ledger.query<{ content: string }>(`SELECT t::text AS content FROM ${name} t`);
    if (rows.some((row) => holds(row.content))) found.push(`ledger table ${name}`);
  }
  return found;
}
