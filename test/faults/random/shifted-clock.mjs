// Preloaded into orchestrators (NODE_OPTIONS=--import): a SIGUSR2 puts their clock forward or back, as a bad NTP server or
// a virtual machine that was paused does. It covers Date.now() and new Date() of this process; timers and
// performance.now() go by another clock, which no such jump moves, and Postgres, Kafka and Spark keep theirs.
import { readFileSync } from 'node:fs';

const file = process.env.FAULT_CLOCK_FILE;
const now = Date.now.bind(Date);
let shiftMs = 0;

class ShiftedDate extends Date {
  constructor(...given) {
    if (given.length === 0) super(now() + shiftMs);
    else super(...given);
  }
  static now() {
    return now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate;

function read() {
  try {
    shiftMs = Number(readFileSync(file, 'utf8'));
  } catch {
    shiftMs = 0;
  }
}
if (file !== undefined) {
  read();
  process.on('SIGUSR2', read);
}
