import { LakeError } from '../errors.js';
import { StagedLayout } from '../shape/layout.js';
import { asArray, asObject } from '../shape/shape.js';
import type { Storage } from '../storage/storage.js';
import type { JsonObject, JsonValue } from '../types.js';
import type { StagedFile } from './staging-writer.js';

/** What was staged for one table. */
export interface StagedTable {
  readonly tableId: bigint;
  readonly upserts: number;
  readonly deletes: number;
  readonly files: readonly StagedFile[];
  readonly layout: StagedLayout;
}

/** A record that was staged with an older revision than before: the MERGE will refuse it. */
export interface OlderRecord {
  readonly domain: string;
  readonly id: string;
}

/** What an extraction staged. */
export interface StagingManifest {
  readonly tables: ReadonlyMap<bigint, StagedTable>;
  readonly older: readonly OlderRecord[];
}

const NAME = 'manifest.json';

export function tableFolder(stagingPath: string, tableId: bigint): string {
  return `${stagingPath}/staging/${tableId}`;
}

/** The last file of an extraction to be written: with it the staging is whole. */
export async function writeManifest(
  storage: Storage,
  stagingPath: string,
  facts: { batchId: bigint; configVersionId: bigint; extraction: number },
  staged: { readonly tables: readonly StagedTable[]; readonly older: readonly OlderRecord[] },
): Promise<void> {
  const json = {
    batch: facts.batchId.toString(),
    configVersion: facts.configVersionId.toString(),
    extraction: facts.extraction,
    older: staged.older,
    tables: staged.tables.map((table) => ({
      table: table.tableId.toString(),
      upserts: table.upserts,
      deletes: table.deletes,
      files: table.files,
      layout: table.layout.toJson(),
    })),
  };
  await storage.write(`${stagingPath}/${NAME}`, JSON.stringify(json));
}

/** @throws LakeError STAGING_DAMAGED when the manifest, or a file it lists, is not there as it was written */
export async function readManifest(storage: Storage, stagingPath: string): Promise<StagingManifest> {
  const bytes = await storage.read(`${stagingPath}/${NAME}`);
  if (bytes === undefined) throw damaged(stagingPath, 'its manifest is missing');
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
    const tables = asArray(json['tables']).map(tableOf);
    return {
      tables: new Map(tables.map((table) => [table.tableId, table])),
      older: asArray(json['older']).map((each) => {
        const record = asObject(each);
        return { domain: asText(record['domain']), id: asText(record['id']) };
      }),
    };
  } catch {
    throw damaged(stagingPath, 'its manifest is not what was written');
  }
}

/** Compares a table's folder with the manifest: names and sizes (rows are compared after the merge). */
export async function requireFiles(storage: Storage, stagingPath: string, table: StagedTable): Promise<void> {
  const present = await storage.list(tableFolder(stagingPath, table.tableId));
  const sizes = new Map(present.map((object) => [object.name, object.bytes]));
  for (const file of table.files) {
    if (sizes.get(file.name) !== file.bytes)
      throw damaged(stagingPath, `${table.tableId}/${file.name} is not whole`);
  }
}

function tableOf(value: JsonValue): StagedTable {
  const json = asObject(value);
  return {
    tableId: BigInt(asText(json['table'])),
    upserts: Number(json['upserts']),
    deletes: Number(json['deletes']),
    files: asArray(json['files']).map((each) => {
      const file = asObject(each);
      return {
        name: asText(file['name']),
        rows: Number(file['rows']),
        bytes: Number(file['bytes']),
        sha256: asText(file['sha256']),
      };
    }),
    layout: StagedLayout.fromJson(asObject(json['layout'])),
  };
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function damaged(stagingPath: string, why: string): LakeError {
  return new LakeError('STAGING_DAMAGED', `The staging folder ${stagingPath} is damaged: ${why}`, {
    facts: { stagingPath },
  });
}
