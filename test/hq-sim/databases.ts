import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { LakeError } from '../../orchestrator/errors.js';
import { PACKAGE_ROOT } from '../../orchestrator/package-root.js';
import { LOGICAL_SHARDS, logicalShard, rangeEnds } from './sharding.js';
import { toUtc } from './timestamps.js';

export type Sql = pg.Pool | pg.PoolClient;

const SCHEMA_FOLDER = join(PACKAGE_ROOT, 'test', 'hq-sim', 'schema');

/** HQ's databases: the main one and the shards (the main one itself when HQ is not partitioned). */
export interface Databases {
  readonly main: pg.Pool;
  readonly shards: readonly pg.Pool[];
  /** The number of the database that holds this form, case or blob parent. */
  shardOf(id: string): number;
  pool(shard: number): pg.Pool;
  close(): Promise<void>;
}

/** Connects and creates HQ's tables where they are missing. @throws LakeError SERVICE_UNREACHABLE */
export async function openDatabases(mainUrl: string, shardUrls: readonly string[]): Promise<Databases> {
  const main = openPool(mainUrl);
  const shards = shardUrls.length === 0 ? [main] : shardUrls.map(openPool);
  const ends = rangeEnds(shards.length);
  const databaseOf = Array.from({ length: LOGICAL_SHARDS }, (_, logical) =>
    ends.findIndex((end) => logical <= end),
  );
  const all = [...new Set([main, ...shards])];
  try {
    await runSchema(main, 'main.sql');
    for (const shard of shards) await runSchema(shard, 'shard.sql');
  } catch (cause) {
    await Promise.all(all.map((pool) => pool.end()));
    throw new LakeError('SERVICE_UNREACHABLE', "HQ's databases cannot be opened", { cause });
  }
  return {
    main,
    shards,
    shardOf: (id) => databaseOf[logicalShard(id)] ?? 0,
    pool(shard) {
      const pool = shards[shard];
      if (pool === undefined) throw new LakeError('INTERNAL', `There is no shard database ${shard}`);
      return pool;
    },
    async close() {
      await Promise.all(all.map((pool) => pool.end()));
    },
  };
}

/** All of it or nothing, in one database. */
export async function inTransaction<T>(
  pool: pg.Pool,
  act: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await act(client);
    await client.query('COMMIT');
    return result;
  } catch (thrown) {
    await client.query('ROLLBACK');
    throw thrown;
  } finally {
    client.release();
  }
}

/**
 * Inserts whole rows in one statement; with `key`, a row that is there already is replaced. Table and column names
 * are literals of this folder, values travel as one JSON parameter.
 */
export async function insertRows(
  sql: Sql,
  table: string,
  rows: readonly object[],
  key: readonly string[] = [],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first);
  const list = columns.join(', ');
  const changes = columns
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`);
  const conflict =
    key.length === 0 ? '' : `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changes.join(', ')}`;
  await sql.query(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM json_populate_recordset(null::${table}, $1::json) ${conflict}`,
    [JSON.stringify(rows)],
  );
}

/** Groups things by the shard database of their id. */
export function groupByShard<T>(
  databases: Databases,
  things: Iterable<T>,
  idOf: (thing: T) => string,
): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const thing of things) {
    const shard = databases.shardOf(idOf(thing));
    const group = groups.get(shard);
    if (group === undefined) groups.set(shard, [thing]);
    else group.push(thing);
  }
  return groups;
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    options: '-c TimeZone=UTC',
    connectionTimeoutMillis: 10_000,
    types: {
      // A Date would lose the microseconds.
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.TIMESTAMPTZ
          ? toUtc
          : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
    },
  });
  // A server that goes away ends its idle connections; the next query opens a new one.
  pool.on('error', () => undefined);
  return pool;
}

async function runSchema(pool: pg.Pool, file: string): Promise<void> {
  await pool.query(readFileSync(join(SCHEMA_FOLDER, file), 'utf8'));
}
