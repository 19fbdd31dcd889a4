import { setTimeout as delay } from 'node:timers/promises';
import { LakeError } from '../../errors.js';
import { chunked } from '../in-order.js';
import { IDS_PER_QUERY, STANDBY_RECHECK_MS, STANDBY_WAIT_MS } from '../limits.js';
import type { CouchClient } from './couch-client.js';
import type { FoundDocument, Sequence } from './couch-answers.js';
import { placesIn, type UserPlaces } from './user-document.js';

/** Users kept in memory; beyond it the memory starts anew. */
const MAX_REMEMBERED = 200_000;
const CHANGES_PER_QUERY = 5_000;
/** More changes at once, after a long pause, cost more than reading the users again. */
const MOST_CHANGES = 100_000;
/** A memory is never older, whatever `_changes` told: a database may have been made anew or restored. */
const KEEP_MS = 15 * 60_000;

interface Announced {
  readonly revision: string;
  readonly at: number;
}

/**
 * Users' documents, read once and kept until `_changes` names them. Nothing of it is shared or stored: each process asks
 * for itself what has changed before it relies on what it knows, so it is the same whichever process does the work.
 */
export class UserMemory {
  readonly #client: CouchClient;
  readonly #users = new Map<string, UserPlaces>();
  /** Changed users that have not been read since, with the revision that `_changes` told. */
  readonly #announced = new Map<string, Announced>();
  #since: Sequence | undefined;
  #begun = 0;
  /** Grows with every change: what was asked for before it may be older. */
  #generation = 0;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(client: CouchClient) {
    this.#client = client;
  }

  /** From here on nothing is told that is older than this call. @throws LakeError HQ_READ_FAILED */
  refresh(signal?: AbortSignal): Promise<void> {
    const turn = this.#refreshing.then(() => this.#refresh(signal));
    // One that fails is its caller's affair; the next begins where it ended.
    this.#refreshing = turn.catch(() => undefined);
    return turn;
  }

  /** Places by user id, as new as the last refresh before this call. @throws LakeError HQ_STANDBY_BEHIND, HQ_READ_FAILED */
  async placesOf(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, UserPlaces>> {
    const places = new Map<string, UserPlaces>();
    const unknown: string[] = [];
    for (const id of ids) {
      const known = this.#users.get(id);
      if (known === undefined) unknown.push(id);
      else places.set(id, known);
    }
    for (const part of chunked(unknown, IDS_PER_QUERY)) {
      const generation = this.#generation;
      const documents = await this.#readProven(part, signal);
      if (this.#users.size > MAX_REMEMBERED) this.#users.clear();
      for (const { id, document } of documents) {
        const found = placesIn(document);
        places.set(id, found);
        // A change told meanwhile may have been the user's: then this is for the caller alone, who began before it.
        if (generation !== this.#generation) continue;
        this.#users.set(id, found);
        this.#announced.delete(id);
      }
    }
    return places;
  }

  async #refresh(signal?: AbortSignal): Promise<void> {
    const isFresh = this.#since !== undefined && Date.now() - this.#begun < KEEP_MS;
    if (isFresh && (await this.#followChanges(signal))) return;
    // The sequence is taken before any document is read: what changes after it will be told.
    const begun = Date.now();
    this.#since = (await this.#client.facts(signal)).sequence;
    this.#begun = begun;
    this.#generation++;
    this.#users.clear();
  }

  /** @returns false when there are too many */
  async #followChanges(signal?: AbortSignal): Promise<boolean> {
    for (let seen = 0; seen < MOST_CHANGES;) {
      if (this.#since === undefined) return false;
      const { changed, last } = await this.#client.changes(this.#since, CHANGES_PER_QUERY, signal);
      if (changed.length > 0) this.#generation++;
      for (const { id, revision } of changed) {
        this.#users.delete(id);
        this.#announced.delete(id);
        this.#announced.set(id, { revision, at: Date.now() });
      }
      this.#forgetAnnounced();
      this.#since = last;
      if (changed.length < CHANGES_PER_QUERY) return true;
      seen += changed.length;
    }
    return false;
  }

  /** The oldest come first. A revision that never came by now was taken back (a purge), and is no proof any more. */
  #forgetAnnounced(): void {
    for (const [id, { at }] of this.#announced) {
      if (this.#announced.size <= MAX_REMEMBERED && Date.now() - at < KEEP_MS) return;
      this.#announced.delete(id);
    }
  }

  /**
   * Documents at least as new as `_changes` has told: of a cluster, another node may answer, which is behind.
   * @throws LakeError HQ_STANDBY_BEHIND
   */
  async #readProven(ids: readonly string[], signal?: AbortSignal): Promise<readonly FoundDocument[]> {
    const until = Date.now() + STANDBY_WAIT_MS;
    for (;;) {
      const documents = await this.#client.documents(ids, signal);
      const behind = documents.filter(({ id, revision }) => !isAsNew(revision, this.#announced.get(id)));
      if (behind.length === 0) return documents;
      if (Date.now() > until) {
        throw new LakeError(
          'HQ_STANDBY_BEHIND',
          `CouchDB ${this.#client.name} does not show all changes yet that it has told of`,
          { facts: { databases: [this.#client.name], documents: behind.length } },
        );
      }
      await delay(STANDBY_RECHECK_MS);
    }
  }
}

/** Revisions are `<number>-<hash>`; the number grows with each change. */
function isAsNew(revision: string | null, announced: Announced | undefined): boolean {
  if (announced === undefined || revision === announced.revision || Date.now() - announced.at >= KEEP_MS)
    return true;
  return revision !== null && numberOf(revision) >= numberOf(announced.revision);
}

function numberOf(revision: string): number {
  return Number.parseInt(revision, 10);
}
