import { z } from 'zod';
import { isTimeZone } from './time-zone.js';

/** No month is computed again unasked when it is older than so many months. */
const CLOSE_AFTER = 3;

const MONTH = /^\d{4}-(0[1-9]|1[0-2])(-01)?$/;

const scheduleFields = z.strictObject({
  // Every month has a 28th.
  day: z
    .int('must be a day from 1 to 28')
    .min(1, 'must be a day from 1 to 28')
    .max(28, 'must be a day from 1 to 28'),
  hour: z
    .int('must be an hour from 0 to 23')
    .min(0, 'must be an hour from 0 to 23')
    .max(23, 'must be an hour from 0 to 23'),
  /** Of the day and the hour; the domain's own when none is named. */
  time_zone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Asia/Kolkata').optional(),
  /** Output tables or names of aggregations, with what they need; all when none is named. */
  tables: z.array(z.string().min(1)).min(1, 'must name a table, or be left out for all').optional(),
});

/** What `lake.yaml` says of a domain's aggregations. */
export const aggregationsSchema = z.strictObject({
  schedule: scheduleFields.optional(),
  close_after: z.int('must be a number of months').min(0).max(1200).default(CLOSE_AFTER),
  /** Tablets with a wrong clock send forms of 1970: months before this one are not computed. */
  first_month: z
    .string()
    .regex(MONTH, 'must be a month such as 2024-01')
    .transform((month) => `${month.slice(0, 7)}-01`)
    .optional(),
});

/** Keys that may stand at a place below `aggregations`. */
export function aggregationKeysAt(path: readonly PropertyKey[]): readonly string[] {
  return Object.keys(path[0] === 'schedule' ? scheduleFields.shape : aggregationsSchema.shape);
}
