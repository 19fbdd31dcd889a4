import type { RecordKind } from '../types.js';

/** Under which name the free part of a record stands: the prefix of its columns, and a hook's field. */
export const FREE_PART: Readonly<Record<RecordKind, string>> = {
  form: 'form',
  case: 'case_json',
  location: 'metadata',
};
