import type { Moment } from '../extract/request.js';
import { openManifests, type OpenManifest } from '../ledger/batches.js';
import { readSeenTypes } from '../ledger/location-types.js';
import { ensureTopic, readTopic } from '../ledger/planning.js';
import { readIds } from '../plan/id-manifest.js';
import { typeChanges } from '../plan/location-types.js';
import { readChange } from '../plan/read-change.js';
import { TOPIC_OF_KIND, type OffsetRange, type RecordKind, type Topic } from '../types.js';
import type { Reason } from './judge.js';
import type { ReconcileParts } from './parts.js';

/** More messages than this are not read to find a few ids among them. */
const MOST_MESSAGES = 500_000n;

/** Records of one kind that a change is on its way for: it would make them right by itself. */
export interface OnTheirWay {
  /** For every record of the kind; null: only those below. */
  readonly all: Reason | null;
  readonly ids: ReadonlySet<string>;
}

/**
 * Looks what is on its way: in batches that are not committed (pages too), and in messages of Kafka that no batch has
 * planned. What Kafka has lost comes no more and does not count.
 */
export class WayLook {
  readonly #parts: ReconcileParts;
  readonly #domain: string;
  /** A manifest never changes. */
  readonly #manifests = new Map<bigint, readonly string[]>();

  constructor(parts: ReconcileParts, domain: string) {
    this.#parts = parts;
    this.#domain = domain;
  }

  /** @throws LakeError KAFKA_FAILED, HQ_STANDBY_BEHIND, HQ_READ_FAILED */
  async of(kind: RecordKind, moment: Moment): Promise<OnTheirWay> {
    const topic = TOPIC_OF_KIND[kind];
    const { database, messages } = this.#parts;
    await ensureTopic(database, topic);
    // In this order: what is planned, and committed, meanwhile is seen twice or is done, but never overlooked.
    const watermarks = await messages.watermarks(topic);
    const { plannedUntil } = await readTopic(database, topic);
    const manifests = await openManifests(database, topic);
    const ranges: OffsetRange[] = [];
    for (const [partition, { low, high }] of watermarks) {
      const planned = plannedUntil.get(partition) ?? low;
      const from = planned > low ? planned : low;
      if (from < high) ranges.push({ partition, from, until: high });
    }
    if (ranges.reduce((sum, { from, until }) => sum + until - from, 0n) > MOST_MESSAGES)
      return { all: 'topic far behind', ids: new Set() };
    const ids = new Set([...(await this.#told(topic, ranges)), ...(await this.#open(manifests))]);
    if (kind !== 'location') return { all: null, ids };
    // A location's change changes the rows of all below it.
    if (ids.size > 0) return { all: 'on its way', ids };
    return { all: (await this.#areTypesEdited(moment)) ? 'location types edited' : null, ids };
  }

  async #told(topic: Topic, ranges: readonly OffsetRange[]): Promise<Set<string>> {
    const ids = new Set<string>();
    await this.#parts.messages.read(topic, ranges, ({ value }) => {
      const read = readChange(value);
      if ('change' in read && read.change.domain === this.#domain) ids.add(read.change.id);
    });
    return ids;
  }

  async #open(manifests: readonly OpenManifest[]): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const { batchId, path, sha256 } of manifests) {
      const known = this.#manifests.get(batchId) ?? (await this.#idsOf(path, sha256));
      this.#manifests.set(batchId, known);
      for (const id of known) ids.add(id);
    }
    return ids;
  }

  async #idsOf(path: string, sha256: string): Promise<readonly string[]> {
    const entries = await readIds(this.#parts.checkpoint, path, sha256);
    return entries.filter(({ domain }) => domain === this.#domain).map(({ id }) => id);
  }

  /** No message tells of them: whoever ingests locations looks now and then, and plans pages (decision 0016). */
  async #areTypesEdited(moment: Moment): Promise<boolean> {
    const { look, types: before } = await readSeenTypes(this.#parts.database, this.#domain);
    if (look === undefined) return false;
    if (look.typeIds.length > 0 || look.soughtUntil !== null) return true;
    const now = await this.#parts.hq.locationTypes.read([this.#domain], moment);
    const { changed, gone } = typeChanges(before, now.get(this.#domain) ?? []);
    return gone || changed.length > 0;
  }
}
