import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { newCase } from '../hq-sim/case-model.js';
import { groupByShard, insertRows } from '../hq-sim/databases.js';
import type { Hq } from '../hq-sim/hq.js';
import { LEVELS } from '../hq-sim/programme/places.js';
import { announce, fillForms } from './fill-hq.js';
import { FORM_TYPES, xmlnsOf } from './large-form.js';

const CASE_TYPES = 5;
const CASE_PROPERTIES = 20;
/** Of the changes of a kind, those that are no new records; the rest is. */
const UPDATED = 0.4;
const DELETED = 0.1;

/** A lake of ten tables: five form types of the bench, five case types. */
export function mixedConfig(domain: string): string {
  const forms = Object.fromEntries(
    Array.from({ length: FORM_TYPES / 2 }, (_, type) => [xmlnsOf(type), { name: `visit_${type}` }]),
  );
  const cases = Object.fromEntries(Array.from({ length: CASE_TYPES }, (_, type) => [caseType(type), {}]));
  const levels = { location_levels: [...LEVELS], record_location: ['owner', 'user'] };
  return stringify({ domains: { [domain]: { ...levels, forms, cases } } });
}

/** Records of both kinds that are there, and what happens to them. */
export class MixedChanges {
  readonly #hq: Hq;
  readonly #domain: string;
  readonly #workers: readonly string[];
  #forms: string[] = [];
  #cases: string[] = [];

  constructor(hq: Hq, domain: string, workers: readonly string[]) {
    this.#hq = hq;
    this.#domain = domain;
    this.#workers = workers;
  }

  /** New records alone, half of them forms, announced. */
  async begin(count: number): Promise<void> {
    await this.#add(count / 2);
    await announce(this.#hq, [...this.#forms, ...this.#cases]);
  }

  /**
   * Makes changes in HQ, half of them of forms: new records, edited ones, deleted ones. Nothing is announced before the
   * returned act is called, but deletions are what HQ does at once, so they happen there too.
   * @returns announces them; resolves when Kafka has taken the last one
   */
  async prepare(count: number): Promise<() => Promise<void>> {
    const half = count / 2;
    const [updates, deletes] = [Math.round(half * UPDATED), Math.round(half * DELETED)];
    const edited = [...this.#forms.slice(0, updates), ...this.#cases.slice(0, updates)];
    const gone = [
      this.#forms.slice(updates, updates + deletes),
      this.#cases.slice(updates, updates + deletes),
    ] as const;
    // The next round takes others.
    this.#forms = [...this.#forms.slice(updates + deletes), ...this.#forms.slice(0, updates)];
    this.#cases = [...this.#cases.slice(updates + deletes), ...this.#cases.slice(0, updates)];
    await this.#edit(edited);
    const added = await this.#add(half - updates - deletes);
    return async () => {
      await Promise.all([
        announce(this.#hq, [...added, ...edited]),
        this.#hq.deleteForms(this.#domain, gone[0]),
        this.#hq.deleteCases(this.#domain, gone[1]),
      ]);
    };
  }

  async #add(each: number): Promise<string[]> {
    // Only types of the lake: the bench's other form types are not listed.
    const forms = await fillForms(this.#hq, this.#domain, each, this.#workers, FORM_TYPES / 2);
    const cases = await fillCases(this.#hq, this.#domain, each, this.#workers);
    this.#forms.push(...forms);
    this.#cases.push(...cases);
    return [...forms, ...cases];
  }

  async #edit(ids: readonly string[]): Promise<void> {
    const { databases, clock } = this.#hq.context;
    for (const [shard, group] of groupByShard(databases, ids, (id) => id)) {
      const pool = databases.pool(shard);
      const at = clock.next();
      await pool.query(
        'UPDATE form_processor_xforminstancesql SET edited_on = $2, server_modified_on = $2 WHERE form_id = ANY($1::varchar[])',
        [group, at],
      );
      await pool.query(
        `UPDATE form_processor_commcarecasesql SET server_modified_on = $2::text::timestamptz, modified_on = $2::text::timestamptz,
           case_json = (case_json::jsonb || jsonb_build_object('property_0', $2::text))::text
         WHERE case_id = ANY($1::varchar[])`,
        [group, at],
      );
    }
  }
}

function caseType(type: number): string {
  return `person_${type}`;
}

/** Puts cases of all types into HQ's shards and announces none of them. @returns their ids */
async function fillCases(
  hq: Hq,
  domain: string,
  count: number,
  workers: readonly string[],
): Promise<string[]> {
  const { databases, clock } = hq.context;
  const rows = Array.from({ length: count }, (_, number) => {
    const userId = workers[number % workers.length] ?? '';
    const now = clock.next();
    const properties = Array.from({ length: CASE_PROPERTIES }, (_unused, index) => [
      `property_${index}`,
      `answer ${(number * 7 + index) % 100}`,
    ]);
    return {
      ...newCase(domain, randomUUID(), now).row,
      ...{ type: caseType(number % CASE_TYPES), name: `Person ${number}`, owner_id: userId },
      ...{ opened_on: now, opened_by: userId, modified_on: now, modified_by: userId },
      case_json: JSON.stringify(Object.fromEntries(properties)),
    };
  });
  for (const [shard, group] of groupByShard(databases, rows, ({ case_id }) => case_id))
    await insertRows(databases.pool(shard), 'form_processor_commcarecasesql', group);
  return rows.map(({ case_id }) => case_id);
}
