import { fromMicros, toMicros } from './timestamps.js';

/** HQ's clock. Each call gives a later microsecond than the one before, so revisions never tie by accident. */
export interface Clock {
  next(): string;
}

/** A clock that only moves when told to (and by a microsecond per reading): makes a load the same every time. */
export interface SteppedClock extends Clock {
  /** Moves forward to the moment; a moment already passed changes nothing. */
  advanceTo(moment: string): void;
}

export function systemClock(): Clock {
  let last = 0;
  return {
    next() {
      last = Math.max(last + 1, Date.now() * 1000);
      return fromMicros(last);
    },
  };
}

export function steppedClock(start: string): SteppedClock {
  let last = toMicros(start);
  return {
    next() {
      last += 1;
      return fromMicros(last);
    },
    advanceTo(moment) {
      last = Math.max(last, toMicros(moment));
    },
  };
}
