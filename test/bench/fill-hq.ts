import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { groupByShard, insertRows } from '../hq-sim/databases.js';
import { newFormRow, storeXml } from '../hq-sim/form-store.js';
import type { Hq } from '../hq-sim/hq.js';
import { LEVELS, LOCATION_TYPES } from '../hq-sim/programme/places.js';
import { FORM_TYPES, largeForm, xmlnsOf, type LargeForm } from './large-form.js';

const WORKERS = 40;
const FORMS_PER_ROUND = 500;
const IDS_PER_ANNOUNCEMENT = 2_000;

/** A lake of the bench's form types, with places. */
export function benchConfig(domain: string): string {
  const forms = Object.fromEntries(
    Array.from({ length: FORM_TYPES }, (_, type) => [xmlnsOf(type), { name: `visit_${type}` }]),
  );
  const levels = { location_levels: [...LEVELS], record_location: ['owner', 'user'] };
  return stringify({ domains: { [domain]: { ...levels, forms } } });
}

/** Five levels of locations and the workers of the lowest, who submit the forms. @returns their user ids */
export async function fillPlaces(hq: Hq, domain: string): Promise<readonly string[]> {
  await hq.createLocationTypes(domain, LOCATION_TYPES);
  let parentId: string | undefined;
  for (const level of LEVELS) {
    const place = { name: level, typeCode: level, siteCode: level };
    [parentId] = await hq.createLocations(domain, [
      { ...place, ...(parentId === undefined ? {} : { parentId }) },
    ]);
  }
  const workers = Array.from({ length: WORKERS }, () => randomUUID());
  for (const userId of workers) {
    const worker = { userId, username: userId, caseId: randomUUID(), locationId: parentId ?? null };
    await hq.saveUser(domain, worker);
  }
  return workers;
}

/**
 * Puts forms of 11 KB into HQ's shards and blob store (gzip), as many of each type, and announces none of them. Not
 * by the simulator's submission: parsing every form to set up a measurement would take longer than the measurement.
 * @param types so many of the bench's form types, from the first
 * @returns their ids
 */
export async function fillForms(
  hq: Hq,
  domain: string,
  count: number,
  workers: readonly string[],
  types = FORM_TYPES,
): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const forms = ids.map((id, number) => formOf(id, number, workers, types));
  for (let from = 0; from < count; from += FORMS_PER_ROUND) {
    await fillRound(hq, domain, forms.slice(from, from + FORMS_PER_ROUND));
  }
  return ids;
}

/** The form that `fillForms` makes of its so-manieth id. */
export function formOf(
  id: string,
  number: number,
  workers: readonly string[],
  types = FORM_TYPES,
): LargeForm {
  return { id, number, type: number % types, userId: workers[number % workers.length] ?? '' };
}

async function fillRound(hq: Hq, domain: string, round: readonly LargeForm[]): Promise<void> {
  const { databases, clock } = hq.context;
  const stored = round.map(async (form) => {
    const now = clock.next();
    const facts = { xmlns: xmlnsOf(form.type), userId: form.userId };
    const row = newFormRow({ formId: form.id, domain, receivedOn: now, now, ...facts });
    return { row, meta: await storeXml(hq.context, row, largeForm(form)) };
  });
  const forms = await Promise.all(stored);
  for (const [shard, group] of groupByShard(databases, forms, ({ row }) => row.form_id)) {
    const pool = databases.pool(shard);
    await insertRows(
      pool,
      'form_processor_xforminstancesql',
      group.map(({ row }) => row),
    );
    await insertRows(
      pool,
      'blobs_blobmeta',
      group.map(({ meta }) => meta),
    );
  }
}

/** Announces forms on Kafka as HQ does when it republishes them. */
export async function announce(hq: Hq, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += IDS_PER_ANNOUNCEMENT) {
    await hq.republish(ids.slice(from, from + IDS_PER_ANNOUNCEMENT));
  }
}
