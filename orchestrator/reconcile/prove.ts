import { setTimeout as sleep } from 'node:timers/promises';
import { heldLeases } from '../ledger/leases.js';
import { momentNow } from '../pipeline/follow-types.js';
import { TOPIC_OF_KIND, type RecordKind } from '../types.js';
import { pinTables, type ComparedTable } from './compared-tables.js';
import { idsByKind, isFault, verdictOf, type Candidate, type Fault, type Reason } from './judge.js';
import { keyOf } from './list-candidates.js';
import { WayLook, type OnTheirWay } from './on-their-way.js';
import type { ReconcileAsk, ReconcileParts } from './parts.js';
import type { LakeReader, LakeRow } from './read-lake.js';

const LOOK_EVERY_MS = 2_000;
/** A record that changes under every look is brought by its own messages. */
const MOST_ROUNDS = 3;

/** A record that is wrong in the lake, by proof. */
export interface Finding {
  readonly fault: Fault;
  readonly candidate: Candidate;
}

/** A record of which nothing can be said now. */
export interface Unjudged {
  readonly reason: Reason;
  readonly candidate: Candidate;
}

export interface Proven {
  readonly findings: readonly Finding[];
  readonly unjudged: readonly Unjudged[];
}

/** Candidates, and when the last of HQ's rows among them was read (this machine's clock, milliseconds). */
export interface Seen {
  readonly candidates: readonly Candidate[];
  readonly hqReadAt: number;
}

/**
 * Proves which candidates are wrong. A record is judged only when everything that HQ had told of it is in the lake:
 *
 *   1. HQ's row was read (`seen`); so much later that its message must be in Kafka, and no sooner,
 *   2. nothing of it is left in Kafka's unplanned messages or in a batch that is not committed;
 *   3. then the lake is read, at versions pinned now,
 *   4. and HQ again: it still shows the very revision (or absence) of 1, so it did so at 3 as well.
 *
 * A record that differs in 4 has changed meanwhile and takes another round.
 */
export async function prove(
  parts: ReconcileParts,
  reader: LakeReader,
  ask: ReconcileAsk,
  seen: Seen,
  signal: AbortSignal,
): Promise<Proven> {
  const look = new WayLook(parts, ask.domain);
  const findings: Finding[] = [];
  const unjudged: Unjudged[] = [];
  let { candidates, hqReadAt } = seen;
  for (let round = 1; candidates.length > 0; round++) {
    if (round > MOST_ROUNDS) {
      unjudged.push(
        ...candidates.map((candidate) => ({ reason: 'changes again and again' as const, candidate })),
      );
      break;
    }
    const settled = hqReadAt + ask.settleSeconds * 1000 - Date.now();
    if (settled > 0) await sleep(settled, undefined, { signal });
    const arrived = await waitForArrivals(parts, look, ask, candidates, signal);
    unjudged.push(...arrived.unjudged);
    const now = await readBoth(parts, reader, ask, arrived.candidates, signal);
    hqReadAt = Date.now();
    const moved: Candidate[] = [];
    for (const [at, candidate] of now.entries()) {
      const verdict = verdictOf(candidate);
      if (verdict === 'equal') continue;
      if (candidate.hq !== arrived.candidates[at]?.hq) moved.push(candidate);
      else if (isFault(verdict)) findings.push({ fault: verdict, candidate });
      else unjudged.push({ reason: verdict, candidate });
    }
    candidates = moved;
  }
  return { findings, unjudged };
}

interface Arrived extends Pick<Proven, 'unjudged'> {
  readonly candidates: readonly Candidate[];
}

/** Waits until nothing is on its way for any of them, as long as somebody brings it; what is left then is not judged. */
async function waitForArrivals(
  parts: ReconcileParts,
  look: WayLook,
  { waitSeconds }: ReconcileAsk,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Arrived> {
  const until = Date.now() + waitSeconds * 1000;
  const ids = idsByKind(candidates);
  for (;;) {
    signal.throwIfAborted();
    const moment = await momentNow(parts.database, signal);
    const ways = new Map<RecordKind, OnTheirWay>();
    for (const kind of ids.keys()) ways.set(kind, await look.of(kind, moment));
    const waiting = candidates.flatMap((candidate) => {
      const way = ways.get(candidate.table.kind);
      const reason = way?.all ?? (way?.ids.has(candidate.id) === true ? 'on its way' : null);
      return reason === null ? [] : [{ reason, candidate }];
    });
    const kinds = new Set(waiting.map(({ candidate }) => candidate.table.kind));
    if (waiting.length === 0 || Date.now() >= until || !(await areFollowed(parts, kinds))) {
      const held = new Set(waiting.map(({ candidate }) => candidate));
      return { unjudged: waiting, candidates: candidates.filter((candidate) => !held.has(candidate)) };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Whether some process polls one of the topics: else nothing comes on. */
async function areFollowed({ database }: ReconcileParts, kinds: ReadonlySet<RecordKind>): Promise<boolean> {
  const names = [...kinds].map((kind) => `poller:${TOPIC_OF_KIND[kind]}`);
  return (await heldLeases(database, names)).size > 0;
}

/** First the lake, then HQ: what HQ shows in the end, and showed before, was so when the lake was read. */
async function readBoth(
  parts: ReconcileParts,
  reader: LakeReader,
  { domain }: ReconcileAsk,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  if (candidates.length === 0) return [];
  const ids = new Map<ComparedTable, string[]>();
  for (const { table, id } of candidates) {
    const own = ids.get(table);
    if (own === undefined) ids.set(table, [id]);
    else own.push(id);
  }
  const pinned = await pinTables(parts, [...ids.keys()]);
  const rows = new Map<string, LakeRow[]>();
  await reader.rowsOfIds(
    pinned,
    (table) => ids.get(table) ?? [],
    (table, row) => {
      const key = keyOf(table, row.id);
      const known = rows.get(key);
      if (known === undefined) rows.set(key, [row]);
      else known.push(row);
    },
  );
  const moment = await momentNow(parts.database, signal);
  const types = new Map<string, { readonly type: string; readonly rev: bigint }>();
  for (const [kind, own] of idsByKind(candidates))
    for (const [id, found] of await parts.hq.revisions.of(kind, domain, [...own], moment))
      types.set(`${kind} ${id}`, found);
  return candidates.map(({ table, id }) => {
    const found = types.get(`${table.kind} ${id}`);
    const hq = found?.type === table.type ? found.rev : null;
    return { table, id, hq, lake: rows.get(keyOf(table, id)) ?? [] };
  });
}
