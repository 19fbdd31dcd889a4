import { listenToChanges, type ChangeKind } from '../../ledger/changes.js';
import type { Change } from '../schemas/operate.js';

/** However fast the ledger changes, clients are told of a kind this often at most; they ask again each time. */
const EVERY_MS = 1_000;
const KINDS: readonly ChangeKind[] = ['jobs', 'topics', 'tables', 'months', 'pauses', 'alerts'];

/** One ear at the ledger for all clients of a process. */
export class ChangeFeed {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #stopping = new AbortController();
  readonly #changed = new Set<ChangeKind>();
  #timer: NodeJS.Timeout | undefined;
  readonly #listening: Promise<void>;

  constructor(ledgerUrl: string) {
    const note = (kinds: readonly ChangeKind[]): void => {
      for (const kind of kinds) this.#changed.add(kind);
      this.#timer ??= setTimeout(() => {
        this.#tell();
      }, EVERY_MS);
    };
    this.#listening = listenToChanges(
      ledgerUrl,
      this.#stopping.signal,
      (kind) => {
        note([kind]);
      },
      () => {
        note(KINDS);
      },
    );
  }

  /** @returns what ends it */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort();
    await this.#listening;
  }

  #tell(): void {
    this.#timer = undefined;
    const at = new Date().toISOString();
    for (const what of this.#changed) for (const listener of this.#listeners) listener({ what, ids: [], at });
    this.#changed.clear();
  }
}
