import { LakeError } from '../errors.js';
import { joinSql, sql, type Sql } from '../sql/text.js';
import { exists, partitionsOf, qualified, readTable, type TableName } from './catalog.js';
import { limitLockWaits, type WarehouseSession } from './database.js';
import { lockLoad, noteLoad, type LoadNote } from './load-table.js';
import { leafPartition, PARTITIONS, socketPartition, STAGING } from './names.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { alignStaging, sealedTable, type Staging } from './staging.js';

/**
 * The swap, inside one transaction: the month's leaf goes, the staging table takes its place, the load table says so.
 * Only readers of this month are locked out, from the moment the lock on its socket is had until the commit.
 * @param lockMs how long it may wait in all for the locks that readers hold
 */
export async function swapTables(
  tx: WarehouseSession,
  staging: Staging,
  note: LoadNote,
  lockMs: number,
): Promise<void> {
  const loaded = await lockLoad(tx, staging, staging.token);
  if (loaded?.token === staging.token) return dropStaging(tx, staging);
  const socket = socketOf(staging);
  const begin = Date.now();
  // Readers come from above: this lock first, then the leaf's, as they take them.
  await tx.query(sql`LOCK TABLE ONLY ${qualified(socket)} IN ACCESS EXCLUSIVE MODE`);
  // No column can come now: that would want a lock on the socket too.
  await alignStaging(tx, staging);
  // From now on readers of the month wait for us: what is left of the time is all that the leaf's lock may take.
  await limitLockWaits(tx, lockMs - (Date.now() - begin));
  for (const leaf of await partitionsOf(tx, socket)) {
    await tx.query(sql`ALTER TABLE ${qualified(socket)} DETACH PARTITION ${qualified(leaf)}`);
    await tx.query(sql`DROP TABLE ${qualified(leaf)}`);
  }
  const leaf = { schema: PARTITIONS, name: leafPartition(staging) };
  const { name } = sealedTable(staging);
  await tx.query(
    sql`ALTER TABLE ${qualified(sealedTable(staging))} SET SCHEMA ${quoteIdentifier(PARTITIONS)}`,
  );
  await tx.query(
    sql`ALTER TABLE ${qualified({ schema: PARTITIONS, name })} RENAME TO ${quoteIdentifier(leaf.name)}`,
  );
  await tx.query(
    sql`ALTER TABLE ${qualified(socket)} ATTACH PARTITION ${qualified(leaf)} FOR VALUES IN (${quoteLiteral(staging.domain)})`,
  );
  await noteLoad(tx, staging, note);
}

/**
 * The same for readers that a swap would harm or wait for in vain: the leaf's rows are deleted and the new ones inserted
 * in one transaction, which every reader, however old, sees wholly or not at all, and which locks no reader out. It
 * writes the rows once more, so it is the second choice.
 */
export async function replaceRows(tx: WarehouseSession, staging: Staging, note: LoadNote): Promise<void> {
  const loaded = await lockLoad(tx, staging, staging.token);
  if (loaded?.token === staging.token) return dropStaging(tx, staging);
  const [leaf] = await partitionsOf(tx, socketOf(staging));
  const sealed = sealedTable(staging);
  if (leaf === undefined) throw new LakeError('INTERNAL', 'rows are replaced only where there is a leaf');
  const columns = await columnsOfTable(tx, sealed);
  await tx.query(sql`DELETE FROM ${qualified(leaf)}`);
  await tx.query(
    sql`INSERT INTO ${qualified(leaf)} (${columns}) SELECT ${columns} FROM ${qualified(sealed)}`,
  );
  await tx.query(sql`DROP TABLE ${qualified(sealed)}`);
  await noteLoad(tx, staging, note);
}

/** Whether there are rows that an old reader could miss. */
export async function hasLeaf(session: WarehouseSession, staging: Staging): Promise<boolean> {
  return (await partitionsOf(session, socketOf(staging))).length > 0;
}

function socketOf(staging: Staging): TableName {
  return { schema: PARTITIONS, name: socketPartition(staging) };
}

/** A crash right after the commit: what is left to do is nothing, or to take away a load of the same run once more. */
async function dropStaging(tx: WarehouseSession, staging: Staging): Promise<void> {
  for (const table of [sealedTable(staging), { schema: STAGING, name: staging.name }])
    if (await exists(tx, table)) await tx.query(sql`DROP TABLE ${qualified(table)}`);
}

async function columnsOfTable(tx: WarehouseSession, table: TableName): Promise<Sql> {
  const found = await readTable(tx, table);
  return joinSql(
    (found?.columns ?? []).map(({ name }) => quoteIdentifier(name)),
    ', ',
  );
}
