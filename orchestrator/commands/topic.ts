import { didYouMean } from '../config/did-you-mean.js';
import { LakeError } from '../errors.js';
import { TOPICS, type Topic } from '../types.js';

/** @throws LakeError KAFKA_TOPIC_UNKNOWN */
export function topicOf(name: string): Topic {
  const topic = TOPICS.find((each) => each === name);
  if (topic !== undefined) return topic;
  const near = didYouMean(name, TOPICS);
  throw new LakeError('KAFKA_TOPIC_UNKNOWN', `"${name}" is no topic of HQ that can be ingested`, {
    mend:
      near === undefined
        ? `Topics are ${TOPICS.join(', ')}.`
        : `Did you mean ${near}? Topics are ${TOPICS.join(', ')}.`,
  });
}
