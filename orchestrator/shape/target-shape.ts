import type { JsonObject, RecordKind } from '../types.js';
import { ColumnNames, shapedColumns, type ShapedColumn } from './columns.js';
import type { StagedLayout } from './layout.js';
import { join, shapeFromJson, shapeToJson } from './shape.js';

/** Prefix of the free part's columns. */
const TREE_PREFIX: Readonly<Record<RecordKind, string>> = {
  form: 'form',
  case: 'case_json',
  location: 'metadata',
};

/** A table's free part before and after a lane. */
export interface TargetShape {
  readonly before: readonly ShapedColumn[];
  readonly after: readonly ShapedColumn[];
  /** To be kept in the ledger once the lane has merged. */
  readonly shape: JsonObject;
  readonly names: JsonObject;
}

/**
 * The shape a table has once a lane is merged: the least upper bound of both. Names are given in the order of first
 * sight, so the same table and layout always get the same names.
 */
export function targetShape(
  table: { readonly kind: RecordKind; readonly shape: JsonObject; readonly names: JsonObject },
  layout: StagedLayout,
  baseNames: readonly string[],
): TargetShape {
  const names = ColumnNames.fromJson(table.names);
  const known = shapeFromJson(table.shape);
  const raised = join(known, layout.shape());
  const prefix = TREE_PREFIX[table.kind];
  const before = shapedColumns(known, prefix, names, baseNames);
  const after = shapedColumns(raised, prefix, names, baseNames);
  return { before, after, shape: shapeToJson(raised), names: names.toJson() };
}
