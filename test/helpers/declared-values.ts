/**
 * README's table of declared types, written down a second time for tests: what a text is as a type, spelled as
 * test/oracle/rows.py spells values; null when it is no value of it. Shares nothing with orchestrator/sql/cast.ts.
 */
export function valueOfText(text: string, type: string): unknown {
  if (type === 'string') return text;
  if (type === 'long') return longOf(text);
  if (type === 'double') return doubleOf(text);
  if (type === 'date') return dateOf(text);
  if (type === 'timestamp') return timestampOf(text);
  if (type === 'boolean') return booleanOf(text);
  const [precision = 0, scale = 0] = (type.match(/\d+/g) ?? []).map(Number);
  return decimalOf(text, precision, scale);
}

const isDigits = (text: string): boolean => /^[0-9]+$/.test(text) && !text.endsWith('\n');

function unsigned(text: string): [sign: '' | '-', rest: string] {
  if (text.startsWith('-')) return ['-', text.slice(1)];
  return ['', text.startsWith('+') ? text.slice(1) : text];
}

function longOf(text: string): string | null {
  const [sign, digits] = unsigned(text);
  if (!isDigits(digits) || digits.length > 40) return null;
  const value = BigInt(`${sign}${digits}`);
  return BigInt.asIntN(64, value) === value ? value.toString() : null;
}

/** Whole and fraction of `12.5`, `.5` or `5.`. */
function parts(text: string): [whole: string, fraction: string] | null {
  const at = text.indexOf('.');
  const [whole, fraction] = at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const good = (part: string): boolean => part === '' || isDigits(part);
  return good(whole) && good(fraction) && whole + fraction !== '' ? [whole, fraction] : null;
}

function doubleOf(text: string): number | null {
  const [, rest] = unsigned(text);
  const at = rest.search(/[eE]/);
  const exponent = at === -1 ? '0' : unsigned(rest.slice(at + 1))[1];
  if (parts(at === -1 ? rest : rest.slice(0, at)) === null || !isDigits(exponent)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function decimalOf(text: string, precision: number, scale: number): string | null {
  const [sign, rest] = unsigned(text);
  const found = parts(rest);
  if (found === null) return null;
  const whole = found[0].replace(/^0+/, '');
  const fraction = found[1].replace(/0+$/, '');
  if (whole.length > precision - scale || fraction.length > scale) return null;
  const digits = `${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${fraction.padEnd(scale, '0')}`}`;
  return /[1-9]/.test(digits) ? `${sign}${digits}` : digits;
}

function dateOf(text: string): string | null {
  const [year = '', month = '', day = '', more] = text.split('-');
  if (more !== undefined || year.length !== 4 || month.length !== 2 || day.length !== 2) return null;
  if (!isDigits(year + month + day)) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) ? text : null;
}

/** With a `T` or a blank between, seconds and zone optional (UTC then); a date alone is its midnight. */
function timestampOf(text: string): string | null {
  const day = dateOf(text.slice(0, 10));
  if (day === null) return null;
  if (text.length === 10) return `${day}T00:00:00.000000Z`;
  const found = /^[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(
    text.slice(10),
  );
  if (found === null || text.endsWith('\n')) return null;
  const [, hours = '', minutes = '', seconds = '00', fraction = '', zone = 'Z'] = found;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const offset =
    zone === 'Z' ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0)];
  const [offsetHours = 0, offsetMinutes = 0] = offset;
  if (offsetHours * 60 + offsetMinutes > 18 * 60 || offsetMinutes > 59) return null;
  const east = (zone.startsWith('-') ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const moment = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`) - east * 60_000;
  return `${new Date(moment).toISOString().slice(0, 19)}.${fraction.padEnd(6, '0')}Z`;
}

function booleanOf(text: string): boolean | null {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'yes' || word === '1') return true;
  return word === 'false' || word === 'no' || word === '0' ? false : null;
}
