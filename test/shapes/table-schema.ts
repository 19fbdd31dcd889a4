import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** A column, or a field of a list's struct, as the Delta log has it. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export type FieldType =
  | string
  | { readonly type: 'array'; readonly elementType: FieldType }
  | { readonly type: 'struct'; readonly fields: readonly Field[] }
  | { readonly type: 'map' };

const type: z.ZodType<FieldType> = z.lazy(() =>
  z.union([
    z.string(),
    z.object({ type: z.literal('array'), elementType: type }),
    z.object({ type: z.literal('struct'), fields: z.array(z.object({ name: z.string(), type })) }),
    z.object({ type: z.literal('map') }),
  ]),
);
const schema = z.object({ fields: z.array(z.object({ name: z.string(), type })) });
const action = z.object({ metaData: z.object({ schemaString: z.string() }).optional() });

/** The present columns of the table in this folder, by its newest commit that tells them. */
export function readSchema(folder: string): readonly Field[] {
  const log = join(folder, '_delta_log');
  if (!existsSync(log)) throw new Error(`there is no table at ${folder}`);
  const commits = readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name));
  for (const name of commits.sort().reverse()) {
    const lines = readFileSync(join(log, name), 'utf8').split('\n');
    for (const line of lines.filter((each) => each.includes('"metaData"'))) {
      const { metaData } = action.parse(JSON.parse(line));
      if (metaData !== undefined) return schema.parse(JSON.parse(metaData.schemaString)).fields;
    }
  }
  throw new Error(`no commit of ${folder} tells its schema`);
}
