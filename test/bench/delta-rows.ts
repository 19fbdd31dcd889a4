import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Changes of rows that readers of a lake can see, as its Delta logs tell: what is asked for again and again costs a listing, as
 * each commit is read once.
 */
export class DeltaRows {
  readonly #topicFolders: readonly string[];
  readonly #read = new Set<string>();
  #changed = 0;

  /** @param topicFolders each holds a topic's tables, a folder each */
  constructor(topicFolders: readonly string[]) {
    this.#topicFolders = topicFolders;
  }

  /** Rows inserted, updated and deleted by all commits up to now. */
  changed(): number {
    for (const file of this.#topicFolders.flatMap(commitFiles)) {
      if (this.#read.has(file)) continue;
      this.#read.add(file);
      this.#changed += changedBy(readFileSync(file, 'utf8'));
    }
    return this.#changed;
  }
}

function commitFiles(topicFolder: string): string[] {
  if (!existsSync(topicFolder)) return [];
  return readdirSync(topicFolder).flatMap((table) => {
    const log = join(topicFolder, table, '_delta_log');
    if (!existsSync(log)) return [];
    return readdirSync(log)
      .filter((name) => /^\d{20}\.json$/.test(name))
      .map((name) => join(log, name));
  });
}

/** A commit is put in place whole, so it may be read as soon as it is seen. */
function changedBy(commit: string): number {
  for (const line of commit.split('\n')) {
    if (!line.includes('"commitInfo"')) continue;
    const { commitInfo } = JSON.parse(line) as {
      commitInfo?: { operationMetrics?: Readonly<Record<string, string>> };
    };
    const metrics = commitInfo?.operationMetrics ?? {};
    return ['Inserted', 'Updated', 'Deleted']
      .map((kind) => Number(metrics[`numTargetRows${kind}`] ?? 0))
      .reduce((sum, each) => sum + each, 0);
  }
  return 0;
}
