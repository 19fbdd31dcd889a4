import type { Extracted, Upsert } from '../types.js';
import type { TableTransform } from './table-transform.js';

/**
 * Sends every record through the transforms of its table, before anything of it is written.
 * @param transformOf undefined for a table without transforms
 * @param notKept told of each record that a filter or a hook took out
 */
export async function* transformRecords(
  records: AsyncIterable<Extracted>,
  transformOf: (record: Upsert) => Promise<TableTransform | undefined>,
  notKept: () => void,
): AsyncGenerator<Extracted> {
  for await (const record of records) {
    if (record.op !== 'upsert') {
      yield record;
      continue;
    }
    const transformed = (await transformOf(record))?.(record) ?? record;
    if (transformed.op === 'delete') notKept();
    yield transformed;
  }
}
