import { createHash } from 'node:crypto';
import type { Hq } from '../hq.js';
import type { Picker } from '../picking.js';

/** Lets something happen to at most `picker.count` documents. @returns the ids of those it happened to */
export type Act = (hq: Hq, picker: Picker) => Promise<string[]>;

/** A kind of change that `hq-sim change` can make. */
export interface Kind {
  /** One line for `--help`. */
  readonly what: string;
  readonly act: Act;
}

export function oneByOne(
  what: string,
  pick: Act,
  act: (hq: Hq, id: string, picker: Picker) => Promise<unknown>,
): Kind {
  return {
    what,
    act: async (hq, picker) => {
      const ids = await pick(hq, picker);
      for (const id of ids) await act(hq, id, picker);
      return ids;
    },
  };
}

export function allAtOnce(
  what: string,
  pick: Act,
  act: (hq: Hq, domain: string, ids: readonly string[]) => Promise<unknown>,
): Kind {
  return {
    what,
    act: async (hq, picker) => {
      const ids = await pick(hq, picker);
      if (ids.length > 0) await act(hq, picker.domain, ids);
      return ids;
    },
  };
}

/** A number below a thousand that depends on nothing but the text. */
export function numberOf(text: string): number {
  return createHash('md5').update(text).digest().readUInt16BE(0) % 1000;
}
