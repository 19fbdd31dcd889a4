import { LakeError } from '../../../orchestrator/errors.js';

/** A seeded source of chance: the same seed always tells the same story. */
export interface Random {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** A whole number, `from` inclusive, `until` exclusive. */
  int(from: number, until: number): number;
  chance(probability: number): boolean;
  /** @throws LakeError INTERNAL for an empty list */
  pick<T>(list: readonly T[]): T;
  /** A version 4 uuid with dashes. */
  uuid(): string;
  /** 32 hexadecimal digits, as HQ's location and blob ids. */
  hex(): string;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = (): number => word() / 2 ** 32;
  const hex = (): string => Array.from({ length: 4 }, () => word().toString(16).padStart(8, '0')).join('');
  return {
    next,
    int: (from, until) => from + Math.floor(next() * (until - from)),
    chance: (probability) => next() < probability,
    pick(list) {
      const chosen = list[Math.floor(next() * list.length)];
      if (chosen === undefined) throw new LakeError('INTERNAL', 'Nothing to pick from');
      return chosen;
    },
    uuid() {
      const digits = hex();
      const version = `${digits.slice(0, 12)}4${digits.slice(13, 16)}a${digits.slice(17)}`;
      return version.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
    hex,
  };
}
