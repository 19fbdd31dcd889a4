import { fromMicros, toMicros } from './timestamps.js';

/** HQ's clock. Each call gives a later microsecond than the one before, so revisions never tie by accident. */
export interface Clock {
  next(): string;
}

/** A clock that can be put forward; a moment already passed changes nothing. */
export interface MovableClock extends Clock {
  advanceTo(moment: string): void;
}

/** The machine's time, or later where the clock was put forward: stores may hold moments that are still to come. */
export function systemClock(): MovableClock {
  return movableClock(0, () => Date.now() * 1000);
}

/** A clock that only moves when told to (and by a microsecond per reading): makes a load the same every time. */
export function steppedClock(start: string): MovableClock {
  return movableClock(toMicros(start), () => 0);
}

function movableClock(start: number, nowMicros: () => number): MovableClock {
  let last = start;
  return {
    next() {
      last = Math.max(last + 1, nowMicros());
      return fromMicros(last);
    },
    advanceTo(moment) {
      last = Math.max(last, toMicros(moment));
    },
  };
}
