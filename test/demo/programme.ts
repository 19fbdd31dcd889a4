import type { ProgrammeOptions } from '../hq-sim/programme/options.js';

/**
 * What the demo tells to HQ: a fifth of the forms enrol a family of three cases, a centre has about 36 forms, so that
 * the usual 5,400 forms make over 3,000 cases and about 200 locations; mishaps of every kind follow from the size.
 */
export function demoProgramme(forms: number): ProgrammeOptions {
  return {
    forms,
    families: Math.ceil(forms / 5),
    centres: Math.max(2, Math.ceil(forms / 36)),
    months: 3,
    firstMonth: '2026-01',
    seed: 1,
  };
}
