import type { RecordKind } from '../types.js';
import { fixedColumns, type FixedType } from './fixed-columns.js';

const INDICES =
  'ARRAY<STRUCT<`identifier`: STRING, `referenced_id`: STRING, `referenced_type`: STRING, `relationship`: STRING>>';

/** A column every table of a kind has, whatever its records hold. The type is Spark SQL text of ours, never data. */
export interface BaseColumn {
  readonly name: string;
  readonly type: FixedType | 'DATE' | 'BIGINT' | typeof INDICES;
}

/** All columns of a kind but those of the free part, in order (design section 6). */
export function baseColumns(kind: RecordKind, levels: readonly string[]): readonly BaseColumn[] {
  return [
    { name: '_id', type: 'STRING' },
    ...fixedColumns(kind, levels),
    ...(kind === 'case' ? [{ name: 'indices', type: INDICES } as const] : []),
    ...(kind === 'location' ? [] : [{ name: 'month', type: 'DATE' } as const]),
    { name: '_rev', type: 'TIMESTAMP' },
    { name: '_batch', type: 'BIGINT' },
  ];
}

/** Whether a value of the type stands in the staging file as text to be cast, or as it is. */
export function isStagedAsIs(type: BaseColumn['type']): boolean {
  return type === 'STRING' || type === INDICES;
}
