import { z } from 'zod';

/**
 * Shapes that several answers share. Moments are ISO 8601 in UTC; 64-bit numbers are text, for JSON has none. What is
 * asked is a strict object: a key that is not known is a typing error, and is refused.
 */
export const moment = z.iso.datetime();
export const big = z.string().regex(/^\d{1,19}$/);
/** A first of month, `2026-01-01`. */
export const monthText = z
  .string()
  .regex(/^(?!0000)\d{4}-(0[1-9]|1[0-2])-01$/, 'must be a first of month, such as 2026-01-01');
export const domainName = z.string().min(1).max(255);
/** Why somebody does something; stands in the audit log and beside what it changed. */
export const reasonText = z.string().trim().min(3).max(500);

/** How good something is, worst last: shown as text and shape, never by colour alone. */
export const health = z.enum(['ok', 'busy', 'warning', 'bad']);
export type Health = z.infer<typeof health>;

/** Why something failed, in one sentence, and what to do about it. */
export const cause = z.object({
  code: z.string().nullable(),
  failureClass: z.enum(['transient', 'data', 'capacity', 'config', 'bug']).nullable(),
  sentence: z.string(),
  /** The suggested act, in words. */
  mend: z.string(),
});
export type Cause = z.infer<typeof cause>;

/** Every error of the API, whatever its status. */
export const problem = z.object({ code: z.string(), message: z.string(), hint: z.string() });
export type Problem = z.infer<typeof problem>;

/** A page of a long list; `next` is the cursor of the following one, null at the end. */
export const page = { next: z.string().nullable() };
export const pageQuery = {
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};
