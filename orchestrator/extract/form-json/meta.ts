import type { JsonObject, JsonValue } from '../../types.js';

/** Old names of the metadata block, and today's. */
const RENAMED: readonly (readonly [string, string])[] = [
  ['TimeStart', 'timeStart'],
  ['TimeEnd', 'timeEnd'],
  ['chw_id', 'userID'],
  ['DeviceID', 'deviceID'],
  ['uid', 'instanceID'],
];

/** Rule 9, in place: the metadata of old phones is brought under today's names. */
export function cleanMeta(form: JsonObject): void {
  if (Object.hasOwn(form, 'Meta')) {
    form['meta'] = form['Meta'] ?? '';
    delete form['Meta'];
  }
  const meta = form['meta'];
  if (Array.isArray(meta)) {
    // Several blocks are a fault of the phone; HQ keeps the first. A list of mere strings it leaves alone.
    const [first] = meta;
    if (!isObject(first)) return;
    form['meta'] = first;
    rename(first);
  } else if (isObject(meta)) rename(meta);
}

function rename(meta: JsonObject): void {
  for (const [old, name] of RENAMED) {
    const value = meta[old];
    if (value === undefined || Object.hasOwn(meta, name)) continue;
    meta[name] = value;
    Reflect.deleteProperty(meta, old);
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
