import { columnsOf } from '../../aggregation/models/columns.js';
import type { Model } from '../../aggregation/model.js';
import type { LakeTable } from '../../ledger/tables.js';
import { isTyped } from '../../shape/column-types.js';
import { madeOf } from '../../shape/made-columns.js';
import { typeText } from '../../shape/schema-changes.js';
import { baseColumns } from '../../shape/table-columns.js';
import { presentColumns } from '../../shape/target-shape.js';
import type { TableDetail } from '../schemas/lake.js';

type Columns = TableDetail['columns'];

/** All columns of a table of records: HQ's own fields, the free part, what lake.yaml makes. */
export function recordColumns(table: LakeTable, levels: readonly string[]): Columns {
  const { derived } = madeOf(table.made);
  return [
    ...baseColumns(table.kind, levels).map(({ name, type }) => ({
      ...{ name, type: type.toLowerCase(), declared: null, comment: null },
    })),
    ...presentColumns(table).map(({ name, type }) => {
      const text = typeText(type);
      return { name, type: text, declared: isTyped(type) ? text : null, comment: null };
    }),
    ...[...derived].map(([name, type]) => ({
      ...{ name, type: type.split(' ')[0] ?? type, declared: null, comment: 'derived by lake.yaml' },
    })),
  ];
}

export function aggregateColumns(model: Model | undefined, levels: readonly string[]): Columns {
  if (model === undefined) return [];
  return columnsOf(model, levels).map(({ name, type, description }) => ({
    ...{ name, type, declared: type, comment: description },
  }));
}
