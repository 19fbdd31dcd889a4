import type { Watermarks } from '../../kafka/client.js';
import { listPauses, type Pause } from '../../ledger/pauses.js';
import { committedOffsets } from '../../ledger/planning.js';
import { topicFacts, type TopicFacts } from '../../ledger/topic-facts.js';
import { asLakeError } from '../../errors.js';
import type { ApiParts } from '../parts.js';
import type { Topic } from '../schemas/lake.js';

/** A lag that is older than this is not just work under way. */
const SLOW_SECONDS = 600;

type TopicParts = Pick<ApiParts, 'database' | 'kafka'>;

/** A topic with what Kafka says of it; null: Kafka does not answer, or does not have it. */
export interface TopicNow {
  readonly topic: Topic;
  readonly committed: ReadonlyMap<number, bigint>;
  readonly marks: ReadonlyMap<number, Watermarks> | null;
  /** Why Kafka was not asked with success. */
  readonly unreachable: string | null;
  /** The batch that halted it. */
  readonly haltedBatch: bigint | null;
}

/** How all topics stand. Kafka being away is an answer, not an error: the ledger's part is told all the same. */
export async function topicsNow(parts: TopicParts): Promise<TopicNow[]> {
  const [facts, pauses] = [await topicFacts(parts.database), await listPauses(parts.database)];
  return Promise.all(facts.map((each) => topicNow(parts, each, pauses)));
}

async function topicNow(
  { database, kafka }: TopicParts,
  facts: TopicFacts,
  pauses: readonly Pause[],
): Promise<TopicNow> {
  const committed = await committedOffsets(database, facts.name);
  const { haltedBatch } = facts;
  try {
    const marks = await kafka.watermarks(facts.name);
    const behind = new Map<number, bigint>();
    let lag = 0n;
    for (const [partition, { low, high }] of marks) {
      const done = committed.get(partition) ?? low;
      if (done >= high) continue;
      lag += high - done;
      behind.set(partition, done);
    }
    const age = behind.size === 0 ? 0 : await kafka.oldestAge(facts.name, behind);
    const lagSeconds = lag === 0n ? 0 : Math.max(age, facts.oldestSeconds ?? 0);
    return {
      topic: topicOf(facts, pauses, Number(lag), lagSeconds),
      committed,
      marks,
      unreachable: null,
      haltedBatch,
    };
  } catch (thrown) {
    const { code, message } = asLakeError(thrown);
    const unreachable = code === 'KAFKA_TOPIC_UNKNOWN' ? message : 'Kafka does not answer';
    return {
      topic: topicOf(facts, pauses, null, facts.oldestSeconds),
      committed,
      marks: null,
      unreachable,
      haltedBatch,
    };
  }
}

function topicOf(
  facts: TopicFacts,
  pauses: readonly Pause[],
  lag: number | null,
  lagSeconds: number | null,
): Topic {
  const pause = pauses.find(
    ({ scope, name }) => scope === 'all' || (scope === 'topic' && name === facts.name),
  );
  const state = facts.state === 'running' && pause !== undefined ? 'paused' : facts.state;
  // The pace while there was work: a topic that was idle for most of the hour is not slow.
  const pace = facts.busySeconds > 0 ? facts.messages / facts.busySeconds : null;
  return {
    name: facts.name,
    state,
    health: facts.haltedTables > 0 ? 'bad' : healthOf(state, lag, lagSeconds, facts.openBatches),
    reason: facts.reason ?? (pause === undefined ? null : `paused by ${pause.by}: ${pause.reason}`),
    lag,
    lagSeconds: lagSeconds === null ? null : Math.round(lagSeconds * 10) / 10,
    secondsToCatchUp:
      lag === null || (lag > 0 && !pace) || state !== 'running' || facts.haltedTables > 0
        ? null
        : Math.round(lag / (pace || 1)),
    messagesPerSecond: pace === null ? null : Math.round(pace * 10) / 10,
    openBatches: facts.openBatches,
    newestCommitAt: facts.newestCommitAt,
    quarantined: facts.quarantined,
  };
}

function healthOf(
  state: Topic['state'],
  lag: number | null,
  lagSeconds: number | null,
  openBatches: number,
): Topic['health'] {
  if (state === 'halted') return 'bad';
  if (state === 'paused' || lag === null || (lagSeconds ?? 0) > SLOW_SECONDS) return 'warning';
  return lag > 0 || openBatches > 0 ? 'busy' : 'ok';
}
