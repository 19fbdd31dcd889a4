import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { RaceProcess, type RaceOptions } from './race-process.js';

/**
 * Proof by race that a storage is safe for Delta with many writing processes: several JVMs put the same names with
 * our log store, and each name must end up held by exactly the one that was told it had won. An S3-compatible store
 * may accept `If-None-Match` and yet not honour it; only this shows it.
 */
export interface ProveLogStoreOptions extends RaceOptions {
  /** `file:///…` or `s3a://bucket/…`; a temporary folder is made under it and removed again. */
  readonly url: string;
  readonly names?: number;
  readonly writers?: number;
}

export interface LogStoreProof {
  readonly proven: boolean;
  readonly names: number;
  /** Names won, per writer; they add up to `names` when proven. */
  readonly wins: readonly number[];
  /** What went wrong, one line each, at most the first ten. */
  readonly faults: readonly string[];
}

const FAULTS_TOLD = 10;
const verdictSchema = z.object({ owners: z.array(z.string().nullable()), litter: z.number() });

/** @throws LakeError STORAGE_FAILED when a JVM could not run or could not reach the storage */
export async function proveLogStore(options: ProveLogStoreOptions): Promise<LogStoreProof> {
  const names = options.names ?? 200;
  const folder = `${options.url.replace(/\/+$/, '')}/.prove-log-store-${randomUUID()}`;
  const writers = Array.from({ length: options.writers ?? 3 }, (_, at) => `writer-${at + 1}`);
  const racers = writers.map((writer) => new RaceProcess(options, ['race', folder, writer]));
  const clear = (): Promise<void> => new RaceProcess(options, ['delete', folder]).end();
  try {
    const winners = await race(names, writers, racers);
    const verifier = new RaceProcess(options, ['verify', folder, String(names)]);
    const proof = judge(writers, winners, verdictSchema.parse(JSON.parse(await verifier.line())));
    await clear();
    return proof;
  } catch (cause) {
    for (const racer of racers) racer.kill();
    // Where the race could not be run the folder may not be reachable either; the race's own failure is told.
    await clear().catch(() => undefined);
    throw cause;
  }
}

/** @returns for each name the writers that were told they had won it */
async function race(
  names: number,
  writers: readonly string[],
  racers: readonly RaceProcess[],
): Promise<string[][]> {
  await Promise.all(racers.map((racer) => racer.line()));
  const winners: string[][] = [];
  for (let name = 0; name < names; name++) {
    for (const racer of racers) racer.send(String(name));
    const answers = await Promise.all(racers.map((racer) => racer.line()));
    winners.push(writers.filter((_, at) => answers[at] === 'won'));
  }
  await Promise.all(racers.map((racer) => racer.end()));
  return winners;
}

function judge(
  writers: readonly string[],
  winners: readonly (readonly string[])[],
  verdict: z.infer<typeof verdictSchema>,
): LogStoreProof {
  const faults = winners.flatMap((told, name) => {
    const owner = verdict.owners[name] ?? 'nobody';
    if (told.length === 1 && told[0] === owner) return [];
    return [`name ${name}: won by ${told.join(' and ') || 'nobody'}, held by ${owner}`];
  });
  if (verdict.litter > 0) faults.push(`${verdict.litter} other files were left behind`);
  return {
    proven: faults.length === 0,
    names: winners.length,
    wins: writers.map((writer) => winners.filter((told) => told.includes(writer)).length),
    faults: faults.slice(0, FAULTS_TOLD),
  };
}
