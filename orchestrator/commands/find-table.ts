import { didYouMean } from '../config/did-you-mean.js';
import { LakeError } from '../errors.js';
import type { Queryable } from '../ledger/database.js';
import { allTables, type LakeTable } from '../ledger/tables.js';

/**
 * The table of a name as `dimagi-lake tables` prints it, with or without its database; case does not count.
 * @throws LakeError USAGE when there is none, or several databases have one
 */
export async function findTable(database: Queryable, name: string): Promise<LakeTable> {
  const tables = await allTables(database);
  const named = (table: LakeTable): string[] => [
    `${table.databaseName}.${table.tableName}`.toLowerCase(),
    table.tableName.toLowerCase(),
  ];
  const found = tables.filter((table) => named(table).includes(name.toLowerCase()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) {
    throw new LakeError('USAGE', `"${name}" is a table of several databases`, {
      mend: `Say which: ${found.map((table) => named(table)[0] ?? '').join(', ')}.`,
    });
  }
  const near = didYouMean(name, tables.flatMap(named));
  throw new LakeError('USAGE', `There is no table "${name}"`, {
    mend: `${near === undefined ? '' : `Did you mean ${near}? `}\`dimagi-lake tables\` lists all.`,
  });
}
