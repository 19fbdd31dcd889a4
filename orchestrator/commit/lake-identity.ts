import { randomUUID } from 'node:crypto';
import { LakeError } from '../errors.js';
import type { LedgerDatabase } from '../ledger/database.js';
import { claimLakeUuid, drawnSequences, ledgerLakeUuid } from '../ledger/lake.js';
import type { Storage } from '../storage/storage.js';
import { readTableState } from './delta-log.js';
import { appIdOf, sequenceOf } from './lane-numbers.js';

/** Where the lake's uuid stands in the lake, beside `commcare/`. */
const IDENTITY = '_dimagi_lake/lake.json';
/** Delta logs read at once when a process starts. */
const PARALLEL_LOGS = 16;

/**
 * Makes sure that ledger and lake belong together and that the ledger is not an older copy: a table must not hold a
 * transaction of a sequence the ledger never drew. (With an older ledger the same numbers would be drawn again, and
 * Delta would skip new data as already written.)
 * @returns the lake's uuid
 * @throws LakeError LEDGER_LAKE_MISMATCH, LEDGER_BEHIND_LAKE
 */
export async function openLake(database: LedgerDatabase, lake: Storage): Promise<string> {
  const inLake = await readIdentity(lake);
  const inLedger = await ledgerLakeUuid(database);
  if (inLedger === undefined && inLake !== undefined) {
    throw new LakeError(
      'LEDGER_BEHIND_LAKE',
      `The lake at ${lake.url} (${inLake}) is unknown to this empty ledger`,
    );
  }
  if (inLedger !== undefined && inLake !== undefined && inLedger !== inLake) {
    throw new LakeError(
      'LEDGER_LAKE_MISMATCH',
      `The ledger belongs to lake ${inLedger}, but ${lake.url} is ${inLake}`,
    );
  }
  const uuid = inLedger ?? (await newLake(database));
  if (inLake === undefined) await writeIdentity(database, lake, uuid);
  await requireNewest(database, lake, appIdOf(uuid));
  return uuid;
}

async function newLake(database: LedgerDatabase): Promise<string> {
  const uuid = randomUUID();
  await claimLakeUuid(database, uuid).catch(async (thrown: unknown) => {
    // Another process was first: its uuid counts.
    if ((await ledgerLakeUuid(database)) === undefined) throw thrown;
  });
  return (await ledgerLakeUuid(database)) ?? uuid;
}

/** The ledger's row is written first, so a ledger with a uuid and a lake without is a start cut short, or a lost lake. */
async function writeIdentity(database: LedgerDatabase, lake: Storage, uuid: string): Promise<void> {
  const sequences = await drawnSequences(database);
  if ([...sequences.values()].some((sequence) => sequence > 0n)) {
    throw new LakeError(
      'LEDGER_LAKE_MISMATCH',
      `${lake.url} holds no lake, but the ledger has planned batches for one`,
    );
  }
  await lake.writeIfAbsent(IDENTITY, JSON.stringify({ uuid }));
  const now = await readIdentity(lake);
  if (now !== uuid)
    throw new LakeError('LEDGER_LAKE_MISMATCH', `Another ledger took the lake at ${lake.url} just now`);
}

async function readIdentity(lake: Storage): Promise<string | undefined> {
  const bytes = await lake.read(IDENTITY);
  if (bytes === undefined) return undefined;
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof json === 'object' && json !== null && 'uuid' in json && typeof json.uuid === 'string')
    return json.uuid;
  throw new LakeError('LEDGER_LAKE_MISMATCH', `${lake.url}/${IDENTITY} holds no lake identity`);
}

async function requireNewest(database: LedgerDatabase, lake: Storage, appId: string): Promise<void> {
  const drawn = await drawnSequences(database);
  const tables = await listTables(lake);
  for (let from = 0; from < tables.length; from += PARALLEL_LOGS) {
    await Promise.all(
      tables.slice(from, from + PARALLEL_LOGS).map(async ({ topic, path }) => {
        const state = await readTableState(lake, path, appId);
        if (state === undefined || state.txnVersion < 0n) return;
        const inLake = sequenceOf(state.txnVersion);
        const known = drawn.get(topic) ?? 0n;
        if (inLake <= known) return;
        throw new LakeError(
          'LEDGER_BEHIND_LAKE',
          `The ledger is an older copy: ${path} holds batch ${inLake} of ${topic}, the ledger has planned ${known}`,
          { facts: { path, topic, inLake: inLake.toString(), inLedger: known.toString() } },
        );
      }),
    );
  }
}

/** Every table folder of the lake: `commcare/<domain>/<topic>/<type>`, whether the ledger knows it or not. */
async function listTables(lake: Storage): Promise<{ topic: string; path: string }[]> {
  const tables: { topic: string; path: string }[] = [];
  for (const domain of await lake.listFolders('commcare')) {
    for (const topic of await lake.listFolders(`commcare/${domain}`)) {
      const types = await lake.listFolders(`commcare/${domain}/${topic}`);
      tables.push(...types.map((type) => ({ topic, path: `commcare/${domain}/${topic}/${type}` })));
    }
  }
  return tables;
}
