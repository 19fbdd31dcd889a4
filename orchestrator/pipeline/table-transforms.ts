import { domainOf, tableConfig, type LakeConfig } from '../config/lake.js';
import { loadHooks } from '../transform/load-hooks.js';
import { tableTransform, type TableTransform } from '../transform/table-transform.js';
import { transformRecords } from '../transform/transform-records.js';
import type { Extracted, RecordKind, Upsert } from '../types.js';
import type { PipelineContext } from './context.js';

/** The transforms of a batch's tables, as the configuration it was planned with has them. */
export interface TableTransforms {
  apply(records: AsyncIterable<Extracted>): AsyncIterable<Extracted>;
  /** Records that a filter or a hook took out. */
  readonly notKept: number;
}

/** @param tableNameOf a table's name is known only once the ledger has given it one */
export async function tableTransforms(
  context: Pick<PipelineContext, 'environment'>,
  config: LakeConfig,
  kind: RecordKind,
  tableNameOf: (record: Upsert) => Promise<string>,
): Promise<TableTransforms> {
  const means = { hashKey: context.environment.TRANSFORM_HASH_KEY, hooks: await loadHooks(config) };
  const known = new Map<string, TableTransform | undefined>();
  const transformOf = async (record: Upsert): Promise<TableTransform | undefined> => {
    const domain = domainOf(config, record.domain);
    if (domain === undefined || Object.keys(domain.tables).length === 0) return undefined;
    const table = await tableNameOf(record);
    const key = `${record.domain}/${table}`;
    if (!known.has(key)) {
      const { transforms } = tableConfig(config, record.domain, table);
      known.set(key, transforms.length === 0 ? undefined : tableTransform(kind, domain, transforms, means));
    }
    return known.get(key);
  };
  let notKept = 0;
  return {
    apply: (records) => transformRecords(records, transformOf, () => notKept++),
    get notKept() {
      return notKept;
    },
  };
}
