import { EMPTY_SHAPE, join, type ShapeNode } from '../shape/shape.js';
import type { FreeColumn, Model } from './model.js';
import { pathOfFree } from './models/columns.js';

/**
 * What models read of each lake table, as a shape: ingestion makes these columns up front, as texts, so that a question
 * nobody has answered yet is a column of nulls, and one that may repeat is a list from its first answer on.
 */
export function wantedShapes(models: readonly Model[]): (tableName: string) => ShapeNode {
  const shapes = new Map<string, ShapeNode>();
  for (const source of models.flatMap((model) => model.sources)) {
    const key = source.table.toLowerCase();
    const own = source.free.map(shapeOf).reduce(join, EMPTY_SHAPE);
    shapes.set(key, join(shapes.get(key) ?? EMPTY_SHAPE, own));
  }
  return (tableName) => shapes.get(tableName.toLowerCase()) ?? EMPTY_SHAPE;
}

const TEXT: ShapeNode = { ...EMPTY_SHAPE, scalar: true };

function shapeOf({ name, type, fields }: FreeColumn): ShapeNode {
  const item = fields.length === 0 ? TEXT : fields.map((field) => at(field.split('__'), TEXT)).reduce(join);
  const isList = type.list || fields.length > 0;
  return at(pathOfFree(name), isList ? { ...EMPTY_SHAPE, item } : TEXT);
}

function at(path: readonly string[], node: ShapeNode): ShapeNode {
  return path.reduceRight<ShapeNode>(
    (below, key) => ({ scalar: false, fields: new Map([[key, below]]) }),
    node,
  );
}
