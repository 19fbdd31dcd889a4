import type { KafkaOptions } from './change-feed.js';
import { systemClock } from './clock.js';
import type { Hq } from './hq.js';
import { openInstallation, readInstallation } from './installation.js';
import { latestMoment } from './status.js';

/**
 * Opens the HQ that `init` made in `dir`, with a clock that goes on where the stores end, and closes it afterwards.
 * @param act gets the installation's first domain
 */
export async function withHq<T>(
  dir: string,
  act: (hq: Hq, domain: string) => Promise<T>,
  announced: Omit<KafkaOptions, 'brokers'> = {},
): Promise<T> {
  const made = await readInstallation(dir);
  const clock = systemClock();
  const hq = await openInstallation(made, clock, announced);
  try {
    const latest = await latestMoment(hq);
    if (latest !== null) clock.advanceTo(latest);
    return await act(hq, made.domain);
  } finally {
    await hq.close();
  }
}
