import { LakeError } from '../../../orchestrator/errors.js';

/** The demo's domain. */
export const DOMAIN = 'nutrition-demo';

export interface ProgrammeOptions {
  readonly domain?: string;
  readonly seed?: number;
  /** About how many forms phones (and HQ itself) submit in all. */
  readonly forms?: number;
  readonly months?: number;
  /** `YYYY-MM`. */
  readonly firstMonth?: string;
  /** Families to enrol; each has three cases. */
  readonly families?: number;
  /** Centres of the lowest level; the levels above follow. */
  readonly centres?: number;
  /** About how many bytes a form has at least; default as short as its questions. */
  readonly formBytes?: number;
}

/** How large a programme is, worked out from the options. */
export interface Programme {
  readonly domain: string;
  readonly seed: number;
  readonly forms: number;
  readonly firstMonth: string;
  readonly months: number;
  readonly centres: number;
  readonly families: number;
  /** Forms left for visits after workers and families are registered. */
  readonly visits: number;
  readonly formBytes?: number;
}

const DEFAULTS = { seed: 1, forms: 300, months: 3, firstMonth: '2026-01' } as const;
const CHILDREN_PER_CENTRE = 40;
const LEAST_CENTRES = 16;

/** @throws LakeError USAGE for sizes that make no programme */
export function planProgramme(options: ProgrammeOptions = {}): Programme {
  const { seed, forms, months, firstMonth } = { ...DEFAULTS, ...options };
  if (!Number.isInteger(forms) || forms < 1 || !Number.isInteger(months) || months < 1 || months > 120) {
    throw new LakeError('USAGE', 'A programme needs at least one form, and 1 to 120 months');
  }
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(firstMonth))
    throw new LakeError('USAGE', 'The first month must be YYYY-MM');
  // A small load is a third enrolments, so that it has cases to show; a large one visits its children again and again.
  const usual = Math.min(Math.round(forms * 0.26), 60 + Math.round(forms * 0.08));
  const wanted = options.families ?? usual;
  const centres = options.centres ?? Math.max(LEAST_CENTRES, Math.ceil(wanted / CHILDREN_PER_CENTRE));
  const families = Math.max(1, Math.min(wanted, forms - centres));
  return {
    domain: options.domain ?? DOMAIN,
    seed,
    forms,
    months,
    firstMonth,
    centres,
    families,
    visits: Math.max(0, forms - centres - families),
    ...(options.formBytes === undefined ? {} : { formBytes: options.formBytes }),
  };
}
