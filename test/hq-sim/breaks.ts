import { gzipSync } from 'node:zlib';
import { LakeError } from '../../orchestrator/errors.js';
import type { Topic } from '../../orchestrator/types.js';
import { findMeta } from './form-store.js';
import type { Hq } from './hq.js';
import { pickCases, pickForms, pickLocations, type Picker } from './picking.js';

/** Where a break's messages go; kinds that damage a document know their own topic. */
export interface BreakRequest extends Picker {
  readonly topic: Topic;
}

/** Bad input of one kind. */
export interface Break {
  /** One line for `--help`. */
  readonly what: string;
  /** @returns the ids of the damaged documents; none for bad messages */
  readonly act: (hq: Hq, request: BreakRequest) => Promise<string[]>;
}

const NOT_XML = '<data xmlns="http://openrosa.org/broken"><weight>3.1</wei';

/** Every kind of bad input `hq-sim break` can make: the documents are damaged in HQ's own stores and announced. */
export const BREAKS = {
  'unparsable-xml': damagedForms('put XML that does not parse in the place of form.xml', async (hq, id) => {
    await overwriteXml(hq, id, gzipSync(NOT_XML), Buffer.byteLength(NOT_XML));
  }),
  'empty-xml': damagedForms('put an empty object in the place of form.xml', async (hq, id) => {
    await overwriteXml(hq, id, gzipSync(''), 0);
  }),
  'missing-blob': damagedForms('delete the object of form.xml, its row stays', async (hq, id) => {
    await hq.context.blobs.delete((await findMeta(hq.context, id)).key);
  }),
  'missing-blob-row': damagedForms("delete the row that names form.xml's object", async (hq, id) => {
    const { databases } = hq.context;
    await databases
      .pool(databases.shardOf(id))
      .query('DELETE FROM blobs_blobmeta WHERE parent_id = $1', [id]);
  }),
  'corrupt-gzip': damagedForms('cut the gzip of form.xml in the middle', async (hq, id) => {
    const whole = Buffer.from(await hq.formXml(id), 'utf8');
    const packed = gzipSync(whole);
    await overwriteXml(hq, id, packed.subarray(0, packed.length / 2), whole.length);
  }),
  'bad-case-json': damagedCases('cut the JSON of case_json in the middle', '{"weight": "3.1", "remark":'),
  'case-json-list': damagedCases('make case_json a list', '["weight", "3.1"]'),
  'bad-location-metadata': {
    what: "cut the JSON of a location's metadata",
    act: async (hq, request) => {
      const ids = await pickLocations(hq, request, null);
      await hq.context.databases.main.query(
        `UPDATE locations_sqllocation SET metadata = '{"building": ' WHERE location_id = ANY($1::varchar[])`,
        [ids],
      );
      await hq.republish(ids);
      return ids;
    },
  },
  'not-json-message': messages('send a message that is not JSON', () => '{"document_id": "a", '),
  'not-utf8-message': messages('send a message that is not UTF-8', () =>
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  ),
  'empty-message': messages('send a message without a value', () => null),
  'no-id-message': messages('send a change without document_id', ({ domain }) => JSON.stringify({ domain })),
  'no-domain-message': messages('send a change without domain', () => JSON.stringify({ document_id: 'a' })),
} as const satisfies Readonly<Record<string, Break>>;

export function findBreak(name: string): Break | undefined {
  return Object.hasOwn(BREAKS, name) ? (BREAKS as Readonly<Record<string, Break>>)[name] : undefined;
}

function damagedForms(what: string, damage: (hq: Hq, id: string) => Promise<unknown>): Break {
  return {
    what: `forms: ${what}`,
    act: async (hq, request) => {
      const ids = await pickForms(hq, request, 'live');
      for (const id of ids) await damage(hq, id);
      await hq.republish(ids);
      return ids;
    },
  };
}

function damagedCases(what: string, json: string): Break {
  return {
    what: `cases: ${what}`,
    act: async (hq, request) => {
      const ids = await pickCases(hq, request, 'live');
      for (const pool of hq.context.databases.shards) {
        await pool.query(
          'UPDATE form_processor_commcarecasesql SET case_json = $2 WHERE case_id = ANY($1::varchar[])',
          [ids, json],
        );
      }
      await hq.republish(ids);
      return ids;
    },
  };
}

function messages(what: string, value: (request: BreakRequest) => string | Buffer | null): Break {
  return {
    what: `messages: ${what}`,
    act: async (hq, request) => {
      for (let time = 0; time < request.count; time++) {
        await hq.publishRaw(request.topic, `broken-${time}`, value(request));
      }
      return [];
    },
  };
}

async function overwriteXml(hq: Hq, formId: string, stored: Buffer, length: number): Promise<void> {
  const { databases, blobs } = hq.context;
  const { key } = await findMeta(hq.context, formId);
  await blobs.put(key, stored);
  const { rowCount } = await databases
    .pool(databases.shardOf(formId))
    .query('UPDATE blobs_blobmeta SET content_length = $2, compressed_length = $3 WHERE key = $1', [
      key,
      length,
      stored.length,
    ]);
  if (rowCount !== 1) throw new LakeError('INTERNAL', `The blob ${key} has no row`);
}
