import { stat, statfs } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asLakeError } from '../errors.js';
import type { Queryable } from '../ledger/database.js';
import { failedWork, tableFigures, topicFigures } from '../ledger/figures.js';
import { listPauses } from '../ledger/pauses.js';
import { committedOffsets } from '../ledger/planning.js';
import { endsOf, partitionLags, type TopicEnds } from '../kafka/lag.js';
import type { DiskFacts, LakeFacts } from './problems.js';

export interface FactSources {
  readonly database: Queryable;
  /** Absent: no rule looks at lag. */
  readonly kafka?: TopicEnds | undefined;
  /** Variable → storage URL: HQ_DATA_PATH and its like. */
  readonly folders: Readonly<Record<string, string>>;
}

/** What stands now. Kafka that does not answer leaves its part unknown; a ledger that does not answer throws. */
export async function readFacts({ database, kafka, folders }: FactSources): Promise<LakeFacts> {
  const topics = await topicFigures(database);
  return {
    topics,
    tables: await tableFigures(database),
    failed: await failedWork(database),
    lags:
      kafka &&
      (await lagsOf(
        topics.map((each) => each.topic),
        database,
        kafka,
      )),
    disks: await disksOf(folders),
    pauses: await listPauses(database),
  };
}

/** Messages behind by topic; undefined as soon as Kafka does not answer: half of the truth would end alerts. */
async function lagsOf(
  topics: readonly string[],
  database: Queryable,
  kafka: TopicEnds,
): Promise<ReadonlyMap<string, number> | undefined> {
  const lags = new Map<string, number>();
  try {
    for (const topic of topics) {
      const ends = await endsOf(kafka, topic);
      if (ends === undefined) continue;
      const parts = partitionLags(await committedOffsets(database, topic), ends);
      lags.set(
        topic,
        [...parts.values()].reduce((sum, lag) => sum + lag, 0),
      );
    }
    return lags;
  } catch (thrown) {
    if (asLakeError(thrown).code === 'LEDGER_FAILED') throw thrown;
    return undefined;
  }
}

/**
 * The disks of this machine that the folders stand on, each once, with `df`'s per cent. S3 has no disk of ours; a folder
 * that is not there (yet) tells nothing.
 */
export async function disksOf(folders: Readonly<Record<string, string>>): Promise<DiskFacts[]> {
  const disks = new Map<number, DiskFacts>();
  for (const [name, url] of Object.entries(folders)) {
    if (!url.startsWith('file:')) continue;
    try {
      const path = fileURLToPath(url);
      const { dev } = await stat(path);
      const known = disks.get(dev);
      if (known !== undefined) {
        disks.set(dev, { ...known, name: `${known.name}, ${name}` });
        continue;
      }
      const { bsize, blocks, bfree, bavail } = await statfs(path);
      const used = blocks - bfree;
      disks.set(dev, {
        name,
        usedPercent: (100 * used) / Math.max(1, used + bavail),
        freeBytes: bavail * bsize,
      });
    } catch {
      continue;
    }
  }
  return [...disks.values()];
}
