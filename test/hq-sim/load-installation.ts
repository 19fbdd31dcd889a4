import { steppedClock } from './clock.js';
import { openInstallation, readInstallation } from './installation.js';
import { loadProgramme } from './programme/load.js';
import { latestMoment, statusOf } from './status.js';

export interface LoadOptions {
  readonly forms: number;
  readonly months: number;
  readonly firstMonth: string;
  readonly centres?: number;
  readonly seed: number;
}

/** Tells a programme to the HQ that `init` made in `dir`; the same programme a second time changes nothing. */
export async function loadInstallation(dir: string, options: LoadOptions, onForms: (forms: number) => void) {
  const made = await readInstallation(dir);
  const clock = steppedClock('2000-01-01T00:00:00Z');
  const hq = await openInstallation(made, clock);
  try {
    // A second programme begins after all that is there, or HQ's clock would run backwards.
    const latest = await latestMoment(hq);
    if (latest !== null) clock.advanceTo(latest);
    const summary = await loadProgramme(hq, clock, { ...options, domain: made.domain }, onForms);
    const { loaded, forms, incidents } = summary;
    return { loaded, told: { forms, incidents }, holds: await statusOf(hq, made.domain) };
  } finally {
    await hq.close();
  }
}
