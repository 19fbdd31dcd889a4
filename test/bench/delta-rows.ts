import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Rows that readers of a lake can see, as its Delta logs tell: what is asked for again and again costs a listing, as
 * each commit is read once.
 */
export class DeltaRows {
  readonly #topicFolder: string;
  readonly #read = new Set<string>();
  #inserted = 0;

  /** @param topicFolder holds the topic's tables, a folder each */
  constructor(topicFolder: string) {
    this.#topicFolder = topicFolder;
  }

  /** Rows inserted by all commits up to now. */
  inserted(): number {
    for (const table of readdirSync(this.#topicFolder)) {
      const log = join(this.#topicFolder, table, '_delta_log');
      if (!existsSync(log)) continue;
      for (const name of readdirSync(log).filter((each) => /^\d{20}\.json$/.test(each))) {
        const file = join(log, name);
        if (this.#read.has(file)) continue;
        this.#read.add(file);
        this.#inserted += insertedBy(readFileSync(file, 'utf8'));
      }
    }
    return this.#inserted;
  }
}

/** A commit is put in place whole, so it may be read as soon as it is seen. */
function insertedBy(commit: string): number {
  for (const line of commit.split('\n')) {
    if (!line.includes('"commitInfo"')) continue;
    const { commitInfo } = JSON.parse(line) as {
      commitInfo?: { operationMetrics?: { numTargetRowsInserted?: string } };
    };
    return Number(commitInfo?.operationMetrics?.numTargetRowsInserted ?? 0);
  }
  return 0;
}
