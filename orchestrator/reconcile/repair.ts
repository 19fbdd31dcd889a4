import { setTimeout as sleep } from 'node:timers/promises';
import { heldLeases } from '../ledger/leases.js';
import { noteRequest, rememberStanding } from '../ledger/reconciles.js';
import { readRequest, standingTopics, type RequestFacts } from '../ledger/reprocess.js';
import { startReprocess } from '../reprocess/requests.js';
import { TOPIC_OF_KIND, type Topic } from '../types.js';
import type { ReconcileAsk, ReconcileParts } from './parts.js';
import type { Finding } from './prove.js';

const PLACES_PER_WRITE = 5_000;
/** A request holds its ids in one row of the ledger. */
const IDS_PER_REQUEST = 50_000;
const LOOK_EVERY_MS = 500;

/**
 * Has the records read from HQ again, by pages in the topic's one sequence, as a reprocess of ids: the row in HQ decides, now
 * as ever, so that a record which has changed since becomes what it is by then.
 * @returns ids of the requests
 */
export async function askForRepair(
  parts: ReconcileParts,
  runId: bigint,
  { domain, by }: ReconcileAsk,
  findings: readonly Finding[],
): Promise<bigint[]> {
  await rememberRows(parts, domain, findings);
  const topics = new Map<Topic, Set<string>>();
  for (const { candidate } of findings) {
    const topic = TOPIC_OF_KIND[candidate.table.kind];
    topics.set(topic, (topics.get(topic) ?? new Set()).add(candidate.id));
  }
  const requests: bigint[] = [];
  for (const [topic, all] of topics) {
    const ids = [...all].sort();
    for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
      const { id } = await startReprocess(parts, {
        kind: 'reprocess',
        scope: { domain, topic, ids: ids.slice(from, from + IDS_PER_REQUEST) },
        reaggregate: false,
        reason: `reconcile-${runId}`,
        by,
        // Killed and asked again, it is asked once.
        idempotencyKey: `reconcile-${runId}-${topic}-${from}`,
      });
      await noteRequest(parts.database, runId, id);
      requests.push(id);
    }
  }
  return requests;
}

/** A row that the ledger does not know of would outlive the delete that is meant for it. */
async function rememberRows(
  { database }: ReconcileParts,
  domain: string,
  findings: readonly Finding[],
): Promise<void> {
  const rows = findings.flatMap(({ candidate: { table, id, lake } }) =>
    lake.flatMap(({ month }) =>
      table.id === null ? [] : [{ kind: table.kind, domain, id, tableId: table.id, month }],
    ),
  );
  const once = [...new Map(rows.map((row) => [`${row.tableId} ${row.id}`, row])).values()];
  for (let from = 0; from < once.length; from += PLACES_PER_WRITE)
    await rememberStanding(database, once.slice(from, from + PLACES_PER_WRITE));
}

/** How a repair stands when it goes on no more by itself. */
export interface Repaired {
  readonly isDone: boolean;
  /** Why it is not. */
  readonly reasons: readonly string[];
}

/** Waits for the requests as long as somebody does them: whoever polls the topics. */
export async function waitForRepair(
  { database }: ReconcileParts,
  { waitSeconds }: ReconcileAsk,
  requests: readonly bigint[],
  topics: readonly Topic[],
  signal: AbortSignal,
  onStep: (step: string) => void,
): Promise<Repaired> {
  let polledAt = Date.now();
  for (;;) {
    const facts: RequestFacts[] = [];
    for (const id of requests) {
      const one = await readRequest(database, id);
      if (one !== undefined) facts.push(one);
    }
    const open = facts.filter(({ state }) => state !== 'done');
    if (open.length === 0) return { isDone: true, reasons: [] };
    const polled = await heldLeases(
      database,
      topics.map((topic) => `poller:${topic}`),
    );
    if (polled.size > 0) polledAt = Date.now();
    const reasons = await standstill(database, open, topics);
    if (Date.now() - polledAt > waitSeconds * 1000)
      reasons.push(`no process ingests ${topics.join(', ')}: ${nameAll(open)} waits for one`);
    if (reasons.length > 0) return { isDone: false, reasons };
    const hint = polled.size > 0 ? '' : `; start: dimagi-lake ingestion ${topics[0] ?? ''}`;
    onStep(`waiting for ${nameAll(open)}${hint}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Why requests do not go on by themselves; nothing: they do. */
async function standstill(
  database: ReconcileParts['database'],
  open: readonly RequestFacts[],
  topics: readonly Topic[],
): Promise<string[]> {
  return [
    ...open
      .filter(({ state }) => state !== 'running')
      .map(({ id, state, failure }) => `reprocess-${id} is ${state}: ${failure ?? ''}`),
    ...open.flatMap(({ halted }) => halted.map((table) => `table ${table} is halted`)),
    ...(await standingTopics(database, topics)).map(
      ({ name, state, reason }) => `topic ${name} is ${state}: ${reason ?? ''}`,
    ),
  ];
}

function nameAll(requests: readonly RequestFacts[]): string {
  return requests.map(({ id }) => `reprocess-${id}`).join(', ');
}
