const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** What stands where nothing is known. */
export const NOTHING = '–';

/** `1,234,567`; 64-bit numbers come as text and lose nothing. */
export function count(value: number | string | null | undefined): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  return typeof value === 'string' ? GROUPED.format(BigInt(value)) : GROUPED.format(value);
}

/** `1 message`, `2,000 messages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** `42 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`: two units at most, for nobody needs the seconds of a day. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  if (seconds < 10 && seconds > 0 && !Number.isInteger(seconds)) return `${SHORT.format(seconds)} s`;
  let rest = Math.round(Math.max(0, seconds));
  const at = UNITS.findIndex(([, size]) => rest >= size);
  if (at === -1) return '0 s';
  const words: string[] = [];
  for (const [unit, size] of UNITS.slice(at, at + 2)) {
    const many = Math.floor(rest / size);
    rest -= many * size;
    if (many > 0) words.push(`${GROUPED.format(many)} ${unit}`);
  }
  return words.join(' ');
}

/** `4 min ago`, `in 2 h`: of one unit, the largest. */
export function relative(moment: string, now: number): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 5) return 'just now';
  const unit = UNITS.find(([, size]) => distance >= size) ?? UNITS[3];
  const words = `${GROUPED.format(Math.floor(distance / unit[1]))} ${unit[0]}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

/** The moment in the reader's own time zone and in UTC, as logs have it. */
export function absolute(moment: string): string {
  const at = new Date(moment);
  const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'UTC' ? `${local} UTC` : `${local} ${zone} (${at.toISOString().slice(0, 19)}Z)`;
}

/** `2026-01` of `2026-01-01`. */
export function month(text: string | null): string {
  return text === null ? 'no month' : text.slice(0, 7);
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  let size = Number(value);
  let at = 0;
  while (size >= 1024 && at < SIZES.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${SHORT.format(size)} ${SIZES[at] ?? ''}`;
}

/** `form-sql` stays, `start_driver` becomes `start driver`. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
