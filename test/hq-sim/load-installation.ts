import type { KafkaOptions } from './change-feed.js';
import { steppedClock } from './clock.js';
import { openInstallation, readInstallation } from './installation.js';
import { loadProgramme } from './programme/load.js';
import type { ProgrammeOptions } from './programme/options.js';
import { latestMoment, statusOf } from './status.js';

/** Tells a programme to the HQ that `init` made in `dir`; the same programme a second time changes nothing. */
export async function loadInstallation(
  dir: string,
  options: ProgrammeOptions,
  announced: Omit<KafkaOptions, 'brokers'>,
  onForms: (forms: number) => void,
) {
  const made = await readInstallation(dir);
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const hq = await openInstallation(made, clock, announced);
  try {
    // A second programme begins after all that is there, or HQ's clock would run backwards.
    const latest = await latestMoment(hq);
    if (latest !== null) clock.advanceTo(latest);
    const domain = options.domain ?? made.domain;
    const summary = await loadProgramme(hq, clock, { ...options, domain }, onForms);
    const { loaded, finishedAt, forms, incidents } = summary;
    return { loaded, finishedAt, told: { forms, incidents }, holds: await statusOf(hq, domain) };
  } finally {
    await hq.close();
  }
}
