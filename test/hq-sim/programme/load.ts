import { LakeError } from '../../../orchestrator/errors.js';
import type { Hq } from '../hq.js';
import type { MovableClock } from '../clock.js';
import type { Submission } from '../read-form.js';
import { enact } from './enact.js';
import { planProgramme, type Programme, type ProgrammeOptions } from './options.js';
import { LOCATION_TYPES } from './places.js';
import { tellStory, type StoryEvent } from './story.js';

export interface LoadSummary {
  readonly programme: Programme;
  readonly forms: number;
  readonly incidents: number;
  /** False when this seed had been loaded before. */
  readonly loaded: boolean;
  /** By HQ's clock. */
  readonly finishedAt: string;
}

/** Forms taken in one round: large enough for few statements, small enough for memory (about 5 KB each). */
const ROUND = 500;

/**
 * Tells a programme's story to HQ. A story that is in the stores already is left alone; one that was cut short is
 * told again from the start, and forms that are there are skipped.
 */
export async function loadProgramme(
  hq: Hq,
  clock: MovableClock,
  options: ProgrammeOptions = {},
  progress: (forms: number) => void = () => undefined,
): Promise<LoadSummary> {
  const programme = planProgramme(options);
  const earlier = await loadedAt(hq, programme);
  if (earlier !== null) return { programme, forms: 0, incidents: 0, loaded: false, finishedAt: earlier };
  let forms = 0;
  let incidents = 0;
  let round: Submission[] = [];
  const flush = async (): Promise<void> => {
    const last = round.at(-1);
    if (last?.receivedOn === undefined) return;
    clock.advanceTo(last.receivedOn);
    forms += round.length;
    await hq.submitForms(round, { onExisting: 'skip' });
    round = [];
    progress(forms);
  };
  for (const event of tellStory(programme)) {
    if (event.kind !== 'form') {
      await flush();
      incidents += await happen(hq, clock, event, programme.domain);
      continue;
    }
    round.push({ xml: event.xml, domain: programme.domain, receivedOn: event.at, ...storage(round.length) });
    if (round.length >= ROUND) await flush();
  }
  await flush();
  const finishedAt = await rememberLoaded(hq, programme);
  return { programme, forms, incidents, loaded: true, finishedAt };
}

/** Some blobs are as HQ once stored them: raw. */
function storage(index: number): Pick<Submission, 'compress'> {
  return index % 10 === 9 ? { compress: false } : {};
}

async function happen(
  hq: Hq,
  clock: MovableClock,
  event: Exclude<StoryEvent, { kind: 'form' }>,
  domain: string,
): Promise<number> {
  clock.advanceTo(event.at);
  if (event.kind === 'incident') {
    await enact(hq, domain, event.incident);
    return 1;
  }
  const { rows } = await hq.context.databases.main.query<{ location_id: string }>(
    'SELECT location_id FROM locations_sqllocation WHERE domain = $1',
    [domain],
  );
  const there = new Set(rows.map((row) => row.location_id));
  await hq.createLocationTypes(domain, LOCATION_TYPES);
  await hq.createLocations(
    domain,
    event.geography.places.filter((place) => !there.has(place.locationId)),
  );
  return 0;
}

/** @throws LakeError USAGE when another domain has this seed's programme: the ids would be the same */
async function loadedAt(hq: Hq, { domain, seed }: Programme): Promise<string | null> {
  const { rows } = await hq.context.databases.main.query<{ domain: string; finished_at: string }>(
    'SELECT domain, finished_at FROM hq_sim.loads WHERE seed = $1',
    [seed],
  );
  const other = rows.find((row) => row.domain !== domain);
  if (other !== undefined) {
    throw new LakeError('USAGE', `The programme of seed ${seed} is in the domain ${other.domain} already`, {
      mend: 'Give another --seed.',
    });
  }
  return rows[0]?.finished_at ?? null;
}

async function rememberLoaded(hq: Hq, programme: Programme): Promise<string> {
  const finishedAt = hq.context.clock.next();
  await hq.context.databases.main.query(
    'INSERT INTO hq_sim.loads (domain, seed, options, finished_at) VALUES ($1, $2, $3, $4)',
    [programme.domain, programme.seed, JSON.stringify(programme), finishedAt],
  );
  return finishedAt;
}
