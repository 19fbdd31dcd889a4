import type { ManifestEntry } from '../types.js';
import { readChange } from './read-change.js';

/** A batch's ids, each once per domain, with the newest offset that named it. */
export class ManifestBuilder {
  readonly #entries = new Map<string, ManifestEntry>();
  readonly #isKept: (domain: string) => boolean;
  readonly odd: { partition: number; offset: string; reason: string }[] = [];
  newestPublishTimestamp: string | null = null;

  /** @param isKept whether lake.yaml keeps anything of a domain; others are filtered out before all else */
  constructor(isKept: (domain: string) => boolean) {
    this.#isKept = isKept;
  }

  add(message: { partition: number; offset: bigint; value: Uint8Array | null }): void {
    const read = readChange(message.value);
    if ('odd' in read) {
      this.odd.push({ partition: message.partition, offset: message.offset.toString(), reason: read.odd });
      return;
    }
    const { domain, id, publishTimestamp, isDeletion } = read.change;
    if (!this.#isKept(domain)) return;
    // ISO texts of one form compare as times; HQ writes all of them in UTC with six digits.
    if (publishTimestamp !== null && publishTimestamp > (this.newestPublishTimestamp ?? '')) {
      this.newestPublishTimestamp = publishTimestamp;
    }
    const key = `${domain.length}:${domain}${id}`;
    this.#entries.set(key, {
      domain,
      id,
      partition: message.partition,
      offset: message.offset.toString(),
      ...(isDeletion || this.#entries.get(key)?.gone === true ? { gone: true } : {}),
    });
  }

  entries(): Iterable<ManifestEntry> {
    return this.#entries.values();
  }
}
