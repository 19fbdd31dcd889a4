import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { ChangeMeta } from '../hq-sim/change-feed.js';
import { openHq, type Hq, type HqOptions } from '../hq-sim/hq.js';
import { stackVariable } from './stack-environment.js';

/** The simulator alone, with databases and a domain of a test's own; without Kafka unless it is asked for. */
export interface HqWorld {
  readonly hq: Hq;
  readonly domain: string;
  readonly blobs: string;
  /** Everything said since the last call. */
  readonly said: () => { topic: string; change: ChangeMeta }[];
  /** The one row, in whichever database of its kind it stands. */
  readonly one: <Row extends pg.QueryResultRow>(
    sql: string,
    ...values: unknown[]
  ) => Promise<Row | undefined>;
}

export async function openHqWorld(
  t: TestContext,
  shards: number,
  more: Partial<HqOptions> = {},
): Promise<HqWorld> {
  const server = stackVariable('STACK_POSTGRES_URL');
  const tag = `hqsim_${randomBytes(5).toString('hex')}`;
  const names = [`${tag}_main`, ...Array.from({ length: shards }, (_, index) => `${tag}_p${index + 1}`)];
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  for (const name of names) await admin.query(`CREATE DATABASE ${name}`);
  const url = (name: string): string => Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const blobs = mkdtempSync(join(tmpdir(), 'hq-sim-'));
  const said: { topic: string; change: ChangeMeta }[] = [];
  const hq = await openHq({
    mainUrl: url(`${tag}_main`),
    shardUrls: names.slice(1).map(url),
    blobStore: pathToFileURL(blobs).href,
    onChange: (topic, change) => said.push({ topic, change }),
    ...more,
  });
  t.after(async () => {
    await hq.close();
    for (const name of names) await admin.query(`DROP DATABASE ${name}`);
    await admin.end();
    rmSync(blobs, { recursive: true, force: true });
  });
  return {
    hq,
    domain: tag.replace('_', '-'),
    blobs,
    said: () => said.splice(0),
    async one<Row extends pg.QueryResultRow>(sql: string, ...values: unknown[]) {
      const { main, shards: pools } = hq.context.databases;
      const found: Row[] = [];
      for (const pool of sql.includes('locations_') || sql.includes('cleanup_') ? [main] : pools) {
        found.push(...(await pool.query<Row>(sql, values)).rows);
      }
      assert.ok(found.length <= 1, 'a document stands in one database only');
      return found[0];
    },
  };
}
