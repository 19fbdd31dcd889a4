/**
 * SipHash-2-4 with a key of 16 zero bytes: what HQ's shards are chosen by. 64-bit words are kept as two 32-bit
 * halves (low, high), because BigInt is some twenty times slower and a large load hashes millions of ids.
 */
const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
] as const;
const V0 = 0;
const V1 = 2;
const V2 = 4;
const V3 = 6;

/** The low 32 bits of the hash, as HQ uses them. */
export function sipHash24Low32(data: Uint8Array): number {
  const state = Uint32Array.from(INITIAL);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = data.length - (data.length % 8);
  for (let at = 0; at < whole; at += 8)
    compress(state, view.getUint32(at, true), view.getUint32(at + 4, true));
  const tail = new Uint8Array(8);
  tail.set(data.subarray(whole));
  tail[7] = data.length & 0xff;
  const last = new DataView(tail.buffer);
  compress(state, last.getUint32(0, true), last.getUint32(4, true));
  state[V2] = word(state, V2) ^ 0xff;
  for (let round = 0; round < 4; round++) sipRound(state);
  return (word(state, V0) ^ word(state, V1) ^ word(state, V2) ^ word(state, V3)) >>> 0;
}

function compress(state: Uint32Array, low: number, high: number): void {
  state[V3] = word(state, V3) ^ low;
  state[V3 + 1] = word(state, V3 + 1) ^ high;
  sipRound(state);
  sipRound(state);
  state[V0] = word(state, V0) ^ low;
  state[V0 + 1] = word(state, V0 + 1) ^ high;
}

function sipRound(state: Uint32Array): void {
  mix(state, V0, V1, 13);
  rotate(state, V0, 32);
  mix(state, V2, V3, 16);
  mix(state, V0, V3, 21);
  mix(state, V2, V1, 17);
  rotate(state, V2, 32);
}

/** a += b, b <<<= bits, b ^= a. */
function mix(state: Uint32Array, a: number, b: number, bits: number): void {
  const low = word(state, a) + word(state, b);
  state[a] = low;
  state[a + 1] = word(state, a + 1) + word(state, b + 1) + (low > 0xffffffff ? 1 : 0);
  rotate(state, b, bits);
  state[b] = word(state, b) ^ word(state, a);
  state[b + 1] = word(state, b + 1) ^ word(state, a + 1);
}

function rotate(state: Uint32Array, at: number, bits: number): void {
  const low = word(state, at);
  const high = word(state, at + 1);
  // A shift by 32 is a shift by 0 in JavaScript, so the swap is its own case.
  state[at] = bits === 32 ? high : (low << bits) | (high >>> (32 - bits));
  state[at + 1] = bits === 32 ? low : (high << bits) | (low >>> (32 - bits));
}

function word(state: Uint32Array, at: number): number {
  return state[at] ?? 0;
}
